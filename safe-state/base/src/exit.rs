//! The end of a program whose run has stopped: the exit codes that tell a batch system what to do, and the note to a
//! supervisor.

mod codes;
mod note;

pub use codes::ExitCodes;
#[cfg(unix)]
pub use note::Notes;
pub use note::{Ending, begins, ends, stopped};
