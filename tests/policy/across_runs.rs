//! Tests that attempts are counted across runs, however these end.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use safe_state::Job;
use safe_state_tests::Effects;

fn start(dir: &Path) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_policy"));
    child.arg("pauses").arg(dir).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until the checkpoint says that item 2 was tried `attempts` times.
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
fn attempts_before_a_kill_count() {
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
