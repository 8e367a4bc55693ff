//! Tests runs that are to end, and wait for what is in flight no longer than the grace period.

use std::future::pending;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use safe_state::{Error, Job, StopReason, resumable};
use safe_state_tests::Effects;

use super::{complete, stored};

/// Cancels itself in the item 2, while the item 1 never ends if it `hangs`.
#[resumable(name = "hangs", state_dir = dir, concurrency = 3, graceful, grace_period = "100ms", fresh(hangs))]
async fn hangs(dir: &Path, hangs: bool, did: &Mutex<Vec<u64>>) -> Result<(), Error> {
    for item in 0..5_u64 {
        if hangs && item == 1 {
            pending::<()>().await;
        }
        if hangs && item == 2 {
            Job::new("hangs").state_dir(dir).cancel()?;
            // Until the request is seen.
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

#[tokio::test]
async fn futures_that_go_on_beyond_the_grace_period_are_dropped() {
    let (dir, did) = (tempfile::tempdir().unwrap(), Mutex::default());
    let stopped = hangs(dir.path(), true, &did).await.unwrap_err();
    assert!(matches!(stopped, Error::Stopped { reason: StopReason::Cancelled, .. }), "{stopped}");
    let done = complete("hangs", dir.path());
    assert!(done.contains(&0) && done.contains(&2) && !done.contains(&1), "{done:?}");
    let mut did_first = did.lock().unwrap().clone();
    did_first.sort_unstable();
    assert_eq!(done, did_first, "what is complete is saved");
    hangs(dir.path(), false, &did).await.unwrap();
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, [0, 1, 2, 3, 4]);
}

fn command(kind: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_side_by_side"));
    command.arg(kind).arg(dir).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

#[test]
fn a_process_with_a_thread_that_goes_on_beyond_the_grace_period_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command("endless", dir.path()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "endless\n");
    let began = Instant::now();
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(75), "it is to run again later");
    assert!(began.elapsed() < Duration::from_secs(600), "an hour is not waited for");
    assert_eq!(complete("job", dir.path()), [0, 1, 2]);
    let stored = stored("job", dir.path()).unwrap();
    assert!(stored.last_failure().is_none(), "nothing has failed");
    assert_eq!(stored.in_flight().flat_map(|it| it.items).collect::<Vec<_>>(), [3]);
    assert!(command("ends", dir.path()).status().unwrap().success());
    let mut did = Effects::open(dir.path().join("effects")).unwrap().all();
    did.sort_unstable();
    assert_eq!(did, [0, 1, 2, 3]);
}
