//! How who restarts a program tells it what it died of.

#[cfg(unix)]
use std::process::Command;

use safe_state_backends::CrashCause;

/// `PID:CAUSE`, the process that restarts it, and what it died of.
const VARIABLE: &str = "SAFE_STATE_DIED_OF";

/// Tells it to the program to be started by this process.
#[cfg(unix)]
pub(crate) fn tell(command: &mut Command, cause: CrashCause) {
    command.env(VARIABLE, format!("{}:{}", std::process::id(), cause.to_text()));
}

/// What this program died of when it ran before. A program that it starts inherits the variable, and
/// does not take it for its own.
pub fn died_of() -> Option<CrashCause> {
    let told = std::env::var(VARIABLE).ok()?;
    let (pid, cause) = told.split_once(':')?;
    cause.parse().ok().filter(|_| pid.parse() == Ok(parent()))
}

#[cfg(unix)]
fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

/// It can't be told there, where an inherited variable is the more likely mistake.
#[cfg(not(unix))]
fn parent() -> u32 {
    0
}
