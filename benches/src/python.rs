//! A Python of the benches' own, so that nothing of the system's changes.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The interpreter, with a package in it; made in `dir` by the first call.
///
/// # Panics
///
/// If there is no Python, or no such package.
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
