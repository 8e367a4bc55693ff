//! Tests a package whose tests call jobs that name no place, as `cargo test` runs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes the package in the folder `dir`, and returns its folder. Tests that call the library from outside need the
/// feature `testing`.
fn bank(dir: &Path, has_testing: bool) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let from = here.join("in_memory_tests/bank");
    let folder = dir.join("bank");
    for name in ["src/lib.rs", "tests/calls.rs"] {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        fs::copy(from.join(name), folder.join(name)).unwrap();
    }
    let package = here.with_file_name("safe-state");
    let package = package.to_str().unwrap();
    let testing = format!("safe-state = {{ path = \"{package}\", features = [\"testing\"] }}");
    let manifest = fs::read_to_string(from.join("Cargo.toml.in")).unwrap();
    let manifest = manifest
        .replace("@PATH@", package)
        .replace("@TESTING@", if has_testing { &testing } else { "" });
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    // The lock file names the versions that are here, so Cargo fetches nothing.
    fs::copy(here.with_file_name("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

/// Returns whether all tests of the package have passed, and what `cargo test` prints.
fn cargo_test(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("in_memory_tests");
    let told = Command::new(env!("CARGO"))
        .args(["test", "--offline"])
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("SAFE_STATE_DIR")
        .env_remove("SAFE_STATE_BACKEND")
        .output()
        .unwrap();
    let text = [told.stdout, told.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    (told.status.success(), text.concat())
}

#[test]
fn tests_beside_the_job_pass_in_any_order_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = bank(dir.path(), false);
    for arguments in
        [&["--lib"][..], &["--lib", "--", "--test-threads=1"], &["--lib", "--", "--test-threads=6"]]
    {
        let (passed, told) = cargo_test(&folder, arguments);
        assert!(passed && told.contains("6 passed"), "{told}");
        assert!(!folder.join(".safe_state").exists(), "{arguments:?} left files");
    }
}

#[test]
fn tests_that_call_the_library_pass_with_the_feature_testing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = bank(dir.path(), true);
    let (passed, told) = cargo_test(&folder, &["--lib", "--test", "calls"]);
    assert!(passed && told.contains("3 passed") && told.contains("6 passed"), "{told}");
    assert!(!folder.join(".safe_state").exists(), "they left files");
}

/// The guide says so: without the feature, the library cannot tell that a test calls it.
#[test]
fn tests_without_the_feature_testing_leave_files() {
    let dir = tempfile::tempdir().unwrap();
    let folder = bank(dir.path(), false);
    cargo_test(&folder, &["--test", "calls", "--", "--test-threads=1"]);
    assert!(folder.join(".safe_state").exists());
}
