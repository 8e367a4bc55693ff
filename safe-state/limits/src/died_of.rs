//! Passes the cause of a program's death on to the program when it is restarted.

#[cfg(unix)]
use std::process::Command;

use safe_state_backends::CrashCause;

/// The variable with `PID:CAUSE`: the process that restarts the program, and what the program died of.
const VARIABLE: &str = "SAFE_STATE_DIED_OF";

/// Sets the variable for the program that this process is about to start.
#[cfg(unix)]
pub(crate) fn tell(command: &mut Command, cause: CrashCause) {
    command.env(VARIABLE, format!("{}:{}", std::process::id(), cause.to_text()));
}

/// Returns what this program died of when it ran before; `None` if it was not restarted. A program that it starts
/// inherits the variable, and ignores it, as its parent is another process.
pub fn died_of() -> Option<CrashCause> {
    let told = std::env::var(VARIABLE).ok()?;
    let (pid, cause) = told.split_once(':')?;
    cause.parse().ok().filter(|_| pid.parse() == Ok(parent()))
}

#[cfg(unix)]
fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

/// Returns no process id: without one, an inherited variable is more likely than a true one.
#[cfg(not(unix))]
fn parent() -> u32 {
    0
}
