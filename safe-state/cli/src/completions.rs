//! `safe-state completions`: prints a script for shells.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::exit::Failed;
use super::screen;

/// Prints a script that completes the command's arguments in a shell.
#[derive(Args, Debug)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Result<(), Failed> {
        let mut script = Vec::new();
        let mut command = super::Arguments::command();
        clap_complete::generate(self.shell, &mut command, "safe-state", &mut script);
        screen::print_raw(&script)
    }
}
