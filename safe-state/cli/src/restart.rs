//! `safe-state restart`: a job from its first item on, in its program.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Args;
use safe_state_backends::{LeaseOptions, Request};
use safe_state_base::stored;

use super::exit::Failed;
use super::place::Place;

/// Removes the checkpoint of a job and the requests to it, and runs its program, which starts over.
///
/// The job must not be running. The program replaces this command.
#[derive(Args, Debug)]
pub(super) struct Restart {
    /// The job's name.
    job: String,
    /// The program, and its arguments.
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

impl Restart {
    /// Runs the program in place of this process. Returns only if that fails.
    pub(super) fn run(&self, place: &Place) -> Result<(), Failed> {
        let backend = place.backend()?;
        stored::clear(backend.clone(), &self.job, LeaseOptions::default())?;
        Request::delete(&*backend, &self.job)?;
        let Some((program, arguments)) = self.program.split_first() else { return Ok(()) };
        let error = Command::new(program).args(arguments).exec();
        Err(Failed::new(format!("`{}` cannot be run: {error}", program.display())))
    }
}
