//! `safe-state replay`: runs the failed item alone, in the program where it failed.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Args;
use safe_state_backends::Failure;

use super::exit::Failed;
use super::place::Place;

/// Runs the item in which a job failed last again, alone, in its program: for a debugger.
///
/// Nothing is saved, and no lease taken. The program takes this one's place, and is told by
/// `$SAFE_STATE_REPLAY`.
#[derive(Args, Debug)]
pub(super) struct Replay {
    /// The job's name.
    job: String,
    /// The program, and its arguments: `rust-gdb --args target/debug/billing`.
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

impl Replay {
    /// Runs the program in place of this process. Returns only if that fails.
    pub(super) fn run(&self, place: &Place) -> Result<(), Failed> {
        let look = place.look(&self.job)?;
        let index = look.checkpoint.last_failure().and_then(Failure::index);
        let nothing = || format!("the last run of job `{}` has not failed in an item", self.job);
        let index = index.ok_or_else(|| Failed::nothing(nothing()))?;
        let Some((program, arguments)) = self.program.split_first() else { return Ok(()) };
        let mut command = Command::new(program);
        let error = command.args(arguments).env("SAFE_STATE_REPLAY", index.to_string()).exec();
        Err(Failed::new(format!("`{}` cannot be run: {error}", program.display())))
    }
}
