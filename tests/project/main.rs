//! Tests the project itself: what its crates say of themselves, and what its tests need of a machine.

mod compiler;
mod house;
mod metadata;
mod programs;
mod source;
mod stages;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The platform whose packages Cargo has fetched.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Returns the folder of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("")
}

/// Runs Cargo on the project, and returns what it prints.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir(root())
        .output()
        .expect("Cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the packages that Cargo knows, with the contents of their manifests.
fn packages(arguments: &[&str]) -> Vec<Value> {
    let printed = cargo(
        &[&["metadata", "--format-version", "1", "--filter-platform", PLATFORM], arguments]
            .concat(),
    );
    let mut metadata: Value = serde_json::from_str(&printed).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}
