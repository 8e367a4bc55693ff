//! Tests runs that are to end, and wait for what is in flight no longer than the grace period.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use safe_state_tests::Effects;

use super::{complete, stored};

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
