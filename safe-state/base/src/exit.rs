//! How a program ends whose run has stopped: the exit codes that tell a batch system what to do, and what a supervisor is
//! told.

mod codes;
mod note;

pub use codes::ExitCodes;
#[cfg(unix)]
pub use note::Notes;
pub use note::{Ending, begins, ends, stopped};
