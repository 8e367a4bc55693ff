//! Other processes: the test itself, started again, which then does the other side of it.

use std::path::{Path, PathBuf};
use std::process::Command;

const STATE_DIR: &str = "SAFE_STATE_TEST_CHILD";

/// The state directory that a parent passed; `None` in the parent.
pub(crate) fn state_dir() -> Option<PathBuf> {
    std::env::var_os(STATE_DIR).map(Into::into)
}

/// The test of that name, in a process of its own, after a line of shell.
pub(crate) fn command(test: &str, shell: &str, state_dir: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{shell}\nexec \"$@\""), "sh"]);
    command.arg(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(STATE_DIR, state_dir);
    command
}
