//! Helpers for the tests of guards.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Returns the command of the guarded program, with its arguments.
pub fn guarded(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
    command
}

/// Returns what the guard has rescued; `None` if it has rescued nothing.
///
/// # Panics
///
/// If the line of the guard is no JSON.
pub fn rescued(output: &Output) -> Option<Value> {
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("rescued "))?;
    Some(serde_json::from_str(line).unwrap())
}
