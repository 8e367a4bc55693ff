//! Makes a Python environment for the benches, so that the system's Python does not change.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns a Python interpreter that has `package` installed. The first call makes its environment in `dir`.
///
/// # Panics
///
/// If no Python is installed, or the package cannot be installed.
pub fn python_with(dir: &Path, package: &str) -> PathBuf {
    let environment = dir.join("python");
    let python = environment.join("bin/python");
    if !python.exists() {
        output(Command::new("python3").args(["-m", "venv"]).arg(&environment));
        output(Command::new(&python).args(["-m", "pip", "install", "--quiet", package]));
    }
    python
}

fn output(command: &mut Command) {
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
