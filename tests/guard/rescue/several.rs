//! Tests guards after, within and beside one another, and programs that don't come back to their guard.

use safe_state_guard_tests::{guarded, rescued};
use serde_json::json;

use crate::GUARDED;

fn refused(mode: &str) -> String {
    let output = guarded(GUARDED, &[mode]).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn guards_run_one_after_another_and_each_job_once() {
    let output = guarded(GUARDED, &["twice"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.lines().filter(|line| ["first", "second"].contains(line)).count(), 2, "{said}");
    assert_eq!(rescued(&output).unwrap()["data"], json!({"at": 2}));
}

#[test]
fn names_and_sizes_that_cannot_be_are_refused() {
    for name in ["", &"x".repeat(256)] {
        let output = guarded(GUARDED, &["name", name]).output().unwrap();
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("a guard's name has 1 to 255 bytes"),
            "{output:?}"
        );
    }
    assert!(refused("too-large").contains("are more than a guard's data can have here"));
}

#[test]
fn a_guard_within_the_job_of_another_is_refused() {
    let said = refused("nested");
    assert!(
        said.contains("the guard `inner` cannot run within the job of the guard `outer`"),
        "{said}"
    );
}

#[test]
fn a_guard_may_run_in_any_thread() {
    for how in ["segfault", "panic", "kill"] {
        let output = guarded(GUARDED, &["thread", how]).output().unwrap();
        assert_eq!(rescued(&output).unwrap()["data"]["at"], 42, "{how}");
    }
}

#[test]
fn guards_run_beside_one_another() {
    let output = guarded(GUARDED, &["beside"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let rescued: Vec<_> = said.lines().filter(|line| line.starts_with("rescued")).collect();
    assert_eq!(rescued.len(), 8, "{said}");
}

#[test]
fn a_program_that_does_not_come_to_its_guard_again_is_told_of() {
    let said = refused("elsewhere");
    assert!(said.contains("ended without coming to it"), "{said}");
    assert!(said.contains("exited with 101"), "{said}");
}

#[test]
fn a_job_that_has_lost_its_memory_does_not_become_a_guard() {
    let said = refused("lost");
    assert!(
        said.contains("the guard `job` has lost the memory")
            && said.contains("without coming to it"),
        "{said}"
    );
}
