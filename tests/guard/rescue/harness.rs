//! Tests a guard within a test.

use safe_state::guard::{Guard, GuardError};

/// The guard starts the test harness again, and the arguments make it run this test alone.
#[test]
fn a_guard_runs_within_a_test() {
    let mut rescued = None;
    let ended = Guard::new("test")
        .args(["--exact", "harness::a_guard_runs_within_a_test", "--nocapture"])
        .rescue(|rescue| rescued = rescue.data().get::<u32>("at").unwrap())
        .run(|data| {
            data.insert("at", 7)?;
            std::process::abort();
            #[expect(unreachable_code, reason = "it tells the type")]
            Ok::<_, GuardError>(())
        })
        .unwrap();
    assert_eq!(ended.cause().signal(), Some(6));
    assert_eq!(rescued, Some(7));
}
