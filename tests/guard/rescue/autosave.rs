//! Tests that what a guard saves outlives the guard.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{ChildStdout, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use safe_state::guard::{GuardError, is_active, recover};
use safe_state_guard_tests::{guarded, rescued};
use serde_bytes::ByteBuf;
use serde_json::json;

use crate::GUARDED;

fn autosave(path: &Path, how: &str) -> std::process::Command {
    guarded(GUARDED, &["autosave", path.to_str().unwrap(), how])
}

fn names(dir: &Path) -> Vec<String> {
    let files = fs::read_dir(dir).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// Returns the step that the file says the job was at; `None` if the file does not exist.
fn saved(path: &Path) -> Option<u32> {
    // The rescue fails on purpose, so that the file stays and is not recovered.
    let mut at = None;
    let looked = recover(path, |rescue| {
        at = rescue.data().get("at").unwrap();
        Err::<(), _>("only looked")
    });
    match looked {
        Err(GuardError::RescueFailed { .. }) => at,
        Err(GuardError::NoAutosave { .. }) => None,
        other => panic!("{other:?}"),
    }
}

fn waiting(lines: &mut impl Iterator<Item = std::io::Result<String>>) {
    assert!(lines.next().unwrap().unwrap().starts_with("waiting"));
}

#[test]
fn what_was_saved_is_recovered_after_the_guard_has_died() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("autosave");
    let mut guard =
        autosave(&path, "wait").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(guard.stdout.take().unwrap()).lines();
    waiting(&mut lines);
    while !path.exists() {
        thread::yield_now();
    }
    assert!(is_active(&path).unwrap());
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let refused = recover(&path, |_| ()).unwrap_err();
    assert!(matches!(&refused, GuardError::Active { .. }), "{refused:?}");
    assert!(refused.to_string().contains(&format!("pid {}", guard.id())), "{refused}");
    let second = autosave(&path, "return").output().unwrap();
    assert!(
        String::from_utf8_lossy(&second.stderr).contains("belongs to a job that is running"),
        "{second:?}"
    );

    let before = fs::metadata(&path).unwrap().modified().unwrap();
    guard.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    waiting(&mut lines);
    while fs::metadata(&path).unwrap().modified().unwrap() == before {
        thread::yield_now();
    }
    kill_process(Pid::from_child(&guard), Signal::KILL).unwrap();
    guard.wait().unwrap();
    // The job has died as well, because its output has ended.
    assert!(lines.next().is_none());
    assert!(!is_active(&path).unwrap());

    let refused = autosave(&path, "return").output().unwrap();
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("that was not recovered"),
        "{refused:?}"
    );
    assert_eq!(saved(&path), Some(2));
    let cause = "ended together with its guard";
    recover(&path, |rescue| {
        assert_eq!((rescue.name(), &*rescue.cause().to_string()), ("saved", cause));
    })
    .unwrap();
    assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
    assert!(matches!(recover(&path, |_| ()), Err(GuardError::NoAutosave { .. })));
    assert!(autosave(&path, "return").status().unwrap().success());
}

#[test]
fn nothing_is_left_of_a_job_that_was_rescued_or_is_done() {
    let dir = tempfile::tempdir().unwrap();
    for how in ["return", "error", "segfault", "kill"] {
        let output = autosave(&dir.path().join("autosave"), how).output().unwrap();
        assert_eq!(rescued(&output).is_some(), how != "return");
        assert!(names(dir.path()).is_empty(), "{how}: {:?}", names(dir.path()));
    }
}

#[test]
fn a_rescue_that_fails_leaves_what_it_was_to_rescue() {
    for how in ["rescue-fails", "rescue-panics"] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("autosave");
        let output = autosave(&path, how).output().unwrap();
        assert!(!output.status.success());
        assert_eq!(rescued(&output).unwrap()["data"], json!({"at": 42, "name": "Ada"}));
        assert_eq!(names(dir.path()), ["autosave"], "{how}");
        recover(&path, |rescue| {
            assert_eq!(rescue.data().get("at").unwrap(), Some(42));
            assert_eq!(rescue.cause().to_string(), "killed by signal 9 (SIGKILL)");
        })
        .unwrap();
    }
}

#[test]
fn a_damaged_file_is_an_error_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("autosave");
    for bytes in [b"".as_slice(), b"\x89SAVE\r\n\x1a", &[7; 500]] {
        fs::write(&path, bytes).unwrap();
        let error = recover(&path, |_| panic!("there is nothing to rescue")).map(|()| "recovered");
        assert!(matches!(error, Err(GuardError::Damaged { .. })), "{error:?}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

/// Guard and job are killed at random, as by a loss of power. The update that was saved last is whole.
#[test]
fn a_guard_that_is_killed_while_it_saves_leaves_one_update() {
    let rounds: u64 = std::env::var("SAFE_STATE_STORM").map_or(1, |text| text.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(13);
    for round in 0..10 * rounds {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("autosave");
        let mut guard = autosave(&path, "storm").stdout(Stdio::piped()).spawn().unwrap();
        let mut out: ChildStdout = guard.stdout.take().unwrap();
        let drain = thread::spawn(move || out.read_to_end(&mut Vec::new()));
        while !path.exists() {
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(random.u64(..20_000)));
        kill_process(Pid::from_child(&guard), Signal::KILL).unwrap();
        guard.wait().unwrap();
        drain.join().unwrap().unwrap();
        recover(&path, |rescue| {
            let data = rescue.data();
            let step: u64 = data.get("step").unwrap().unwrap();
            let value: ByteBuf = data.get("value").unwrap().unwrap();
            assert_eq!(data.get(&format!("only {step}")).unwrap(), Some(value.len()), "{round}");
            assert_eq!((data.len(), data.lost()), (3, 0), "{round}");
        })
        .unwrap();
        let left = names(dir.path());
        assert!(left.iter().all(|name| name == "autosave.unpublished"), "{left:?}");
    }
}
