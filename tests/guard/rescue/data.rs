//! Tests the data of a job, in a job.

use safe_state_guard_tests::{guarded, rescued};

use crate::GUARDED;

#[test]
fn data_is_what_was_inserted_and_changes_as_a_whole() {
    let output = guarded(GUARDED, &["data"]).output().unwrap();
    assert!(output.status.success() && rescued(&output).is_none(), "{output:?}");
}
