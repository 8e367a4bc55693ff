//! Tests that the guard has the data and knows the cause, however the process ends.

use safe_state_guard_tests::{guarded, rescued};
use serde_json::json;

use crate::GUARDED;

/// The ways to end, each with what the guard says of it and the exit code.
const ENDINGS: [(&str, &str, i32); 20] = [
    ("error", "exited with 1", 1),
    ("panic", "exited with 101, panicked at tests/guard/guarded/ending.rs:", 101),
    ("panic-in-thread", "exited with 101, panicked at tests/guard/guarded/ending.rs:", 101),
    (
        "panic-abort",
        "killed by signal 6 (SIGABRT), panicked at tests/guard/guarded/ending.rs:",
        134,
    ),
    ("caught-panic", "exited with 1", 1),
    ("exit", "exited with 0 before the job was done", 0),
    ("exec", "exited with 0 before the job was done", 0),
    ("exec-failure", "exited with 1", 1),
    ("abort", "killed by signal 6 (SIGABRT)", 134),
    ("segfault", "killed by signal 11 (SIGSEGV) at address 0x", 139),
    ("segfault-in-thread", "killed by signal 11 (SIGSEGV) at address 0x", 139),
    ("bus", "killed by signal 7 (SIGBUS) at address 0x", 135),
    ("floating-point", "killed by signal 8 (SIGFPE)", 136),
    ("illegal", "killed by signal 4 (SIGILL)", 132),
    ("trap", "killed by signal 5 (SIGTRAP)", 133),
    ("overflow", "killed by signal 6 (SIGABRT) after signal 11 (SIGSEGV) at address 0x", 134),
    (
        "overflow-in-thread",
        "killed by signal 6 (SIGABRT) after signal 11 (SIGSEGV) at address 0x",
        134,
    ),
    ("kill", "killed by signal 9 (SIGKILL)", 137),
    ("terminate", "killed by signal 15 (SIGTERM)", 143),
    ("quit", "killed by signal 3 (SIGQUIT)", 131),
];

#[test]
fn whatever_ends_the_job_its_data_is_rescued() {
    for (how, cause, code) in ENDINGS {
        let output = guarded(GUARDED, &[how]).output().unwrap();
        let rescued = rescued(&output).unwrap_or_else(|| panic!("{how}: {output:?}"));
        assert_eq!(rescued["data"], json!({"at": 42, "name": "Ada"}), "{how}");
        assert_eq!(rescued["lost"], 0, "{how}");
        let told = rescued["cause"].as_str().unwrap();
        assert!(told.starts_with(cause), "{how}: {told}");
        assert_eq!(output.status.code(), Some(code), "{how}");
        assert!(rescued["peak_memory"].as_u64().unwrap() > 1 << 20, "{how}");
    }
}

#[test]
fn nothing_is_rescued_of_a_job_that_is_done() {
    let output = guarded(GUARDED, &["return"]).output().unwrap();
    assert_eq!((rescued(&output), output.status.code()), (None, Some(0)));
}

#[test]
fn the_exit_code_is_the_jobs() {
    for code in ["1", "2", "75", "255"] {
        let output = guarded(GUARDED, &["exit", code]).output().unwrap();
        assert_eq!(output.status.code().unwrap().to_string(), code);
        let cause = rescued(&output).unwrap()["cause"].clone();
        assert_eq!(cause, format!("exited with {code} before the job was done"));
    }
}

#[test]
fn a_panic_says_what_and_where() {
    let output = guarded(GUARDED, &["panic"]).output().unwrap();
    let panic = &rescued(&output).unwrap()["panic"];
    assert_eq!((&panic[0], &panic[2]), (&json!("asked to panic"), &json!("main")));
    let aborted = guarded(GUARDED, &["panic-abort"]).output().unwrap();
    assert_eq!(rescued(&aborted).unwrap()["panic"][0], json!("asked to panic"));
    // The message of the panic is on standard error, as without a guard.
    assert!(String::from_utf8_lossy(&output.stderr).contains("asked to panic"));
    let output = guarded(GUARDED, &["caught-panic"]).output().unwrap();
    assert_eq!(rescued(&output).unwrap()["panic"], json!(null), "it did not end the job");
}

#[test]
fn a_stack_leads_to_the_place() {
    for how in ["panic", "abort", "segfault"] {
        let output = guarded(GUARDED, &[how]).env("STACK", "").output().unwrap();
        let told = rescued(&output).unwrap();
        let stack: Vec<&str> =
            told["stack"].as_array().unwrap().iter().filter_map(|of| of.as_str()).collect();
        let job = stack.iter().position(|frame| frame.contains("guarded::ending::job")).unwrap();
        assert!(stack[job - 1].contains("guarded::ending::innermost"), "{how}: {stack:#?}");
        assert!(stack[job - 1].contains("guarded/ending.rs:"), "{how}: {stack:#?}");
        if how == "panic" {
            assert_eq!(job, 1, "the panic's own calls are left out: {stack:#?}");
        }
    }
    let output = guarded(GUARDED, &["overflow"]).env("STACK", "").output().unwrap();
    let told = rescued(&output).unwrap();
    assert!(told["stack"][3].as_str().unwrap().contains("deeper"), "{told}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("has overflowed its stack"));
    let output = guarded(GUARDED, &["kill"]).env("STACK", "").output().unwrap();
    assert_eq!(rescued(&output).unwrap()["stack"], json!([]));
}
