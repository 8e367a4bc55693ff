//! Tests minidumps of crashes.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use safe_state_guard_tests::{guarded, rescued};
use serde_json::json;

use crate::GUARDED;

#[test]
fn a_crash_has_a_minidump_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let dumps = dir.path().join("dumps");
    // A minidump is made by tracing the process, which the guard that waits for the process must not take for its end.
    for how in ["segfault", "segfault-in-thread", "abort", "overflow"].repeat(4) {
        let output =
            guarded(GUARDED, &["minidump", dumps.to_str().unwrap(), how]).output().unwrap();
        let told = rescued(&output).unwrap();
        assert_eq!(told["data"]["at"], 42);
        let dump = told["minidump"].as_str().unwrap_or_else(|| panic!("{how}: {output:?}"));
        assert!(fs::read(dump).unwrap().starts_with(b"MDMP"));
        assert_eq!(fs::metadata(dump).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(dump.starts_with(dumps.join("mini_dump-").to_str().unwrap()), "{dump}");
        fs::remove_file(dump).unwrap();
    }
}

#[test]
fn an_end_that_is_no_crash_has_no_minidump() {
    let dir = tempfile::tempdir().unwrap();
    for how in ["return", "error", "kill", "panic"] {
        let output =
            guarded(GUARDED, &["minidump", dir.path().to_str().unwrap(), how]).output().unwrap();
        let told = rescued(&output);
        assert!(told.is_none_or(|told| told["minidump"] == json!(null)), "{how}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{how}");
    }
}
