//! Other processes for tests: the test itself, started again to play the other side.

use std::path::{Path, PathBuf};
use std::process::Command;

const STATE_DIR: &str = "SAFE_STATE_TEST_CHILD";

/// Returns the state directory that the parent passed; `None` in the parent.
pub(crate) fn state_dir() -> Option<PathBuf> {
    std::env::var_os(STATE_DIR).map(Into::into)
}

/// Returns a command that runs the test `test` in a process of its own, after a line of shell.
pub(crate) fn command(test: &str, shell: &str, state_dir: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell}\nexec \"$@\""), "sh"]);
    command.arg(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(STATE_DIR, state_dir);
    command
}
