//! The project itself: what its crates say of themselves, and what its tests ask of a machine.

mod compiler;
mod house;
mod metadata;
mod programs;
mod source;
mod stages;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What Cargo has fetched of is this one.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// The folder that all is in.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("")
}

/// What Cargo prints.
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

/// The packages that Cargo knows, with what is in their manifests.
fn packages(arguments: &[&str]) -> Vec<Value> {
    let printed = cargo(
        &[&["metadata", "--format-version", "1", "--filter-platform", PLATFORM], arguments]
            .concat(),
    );
    let mut metadata: Value = serde_json::from_str(&printed).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}
