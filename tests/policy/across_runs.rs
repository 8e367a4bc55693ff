//! Attempts are counted across runs, however these end.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use safe_state::Job;
use safe_state_tests::Effects;

fn start(dir: &Path) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_policy"));
    child.arg("pauses").arg(dir).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until the checkpoint says that item 2 was tried that often.
fn wait_for(dir: &Path, attempts: u32) {
    let began = Instant::now();
    let count = || {
        let checkpoint = Job::new("pauses").state_dir(dir).peek_checkpoint().unwrap();
        let attempts = checkpoint.as_ref()?.loop_progress(0)?.attempts()?;
        assert_eq!(attempts.item, 2);
        Some(attempts.count)
    };
    while count() != Some(attempts) {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}, not {attempts}", count());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn those_before_a_kill_count() {
    let dir = tempfile::tempdir().unwrap();
    for attempts in [1, 2] {
        let mut child = start(dir.path());
        wait_for(dir.path(), attempts);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(!start(dir.path()).wait().unwrap().success());
    wait_for(dir.path(), 3);
    let effects = Effects::open(dir.path().join("effects")).unwrap();
    assert_eq!(effects.all(), [0, 1, 2, 2, 2]);
}

#[test]
fn those_that_the_process_dies_in_count() {
    let dir = tempfile::tempdir().unwrap();
    let run = || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_policy"));
        let ran = child.arg("dies").arg(dir.path()).output().unwrap();
        (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    // The run after the first death finds out in which item it is, and the one behind it may try once more.
    assert_eq!([run().0, run().0, run().0], [None, None, None]);
    let (code, told) = run();
    assert_eq!(code, Some(1));
    assert!(told.contains("the process died 2 times in item 2 of job `dies`"), "{told}");
    assert!(told.contains("`max_crashes` gives such items up"), "{told}");
    let effects = Effects::open(dir.path().join("effects")).unwrap();
    assert_eq!(effects.all(), [0, 1, 2, 2, 2], "it was not tried a fourth time");
    assert_eq!(run().0, None, "a run that was told of it tries again");
}
