//! Tests pairs of signals that are sent to a guard alone, or to the guard and its job, as to all processes of a
//! service.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use safe_state::{Job, PastRun, RunEnd};
use safe_state_guard_tests::guarded;

use crate::GUARDED;

fn child_of(pid: u32) -> Option<Pid> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.split(' ').next()?.parse().ok().and_then(Pid::from_raw)
}

fn pair(to_both: bool, apart: u64, millis: u64) {
    let what = format!("both: {to_both}, {apart} ms apart, items of {millis} ms");
    let dir = tempfile::tempdir().unwrap();
    let mut command =
        guarded(GUARDED, &["graceful", dir.path().to_str().unwrap(), &millis.to_string()]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut guard = command.spawn().unwrap();
    let mut lines = BufReader::new(guard.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    lines.next().unwrap().unwrap();
    let said = thread::spawn(move || lines.map(Result::unwrap).count() as u64);
    let job = child_of(guard.id()).filter(|_| to_both);
    let send = || {
        // The processes may have ended.
        let _ = kill_process(Pid::from_child(&guard), Signal::TERM);
        let _ = job.map(|job| kill_process(job, Signal::TERM));
    };
    send();
    thread::sleep(Duration::from_millis(apart));
    send();
    let ended = guard.wait().unwrap();
    // A second signal that comes when the job is over has its former effect on the guard, if that still runs.
    let is_by_second = apart > 0 && ended.signal() == Some(Signal::TERM.as_raw());
    assert!(ended.code() == Some(1) || is_by_second, "{what}: {ended}");
    let saved = Job::new("asked").state_dir(dir.path()).peek_checkpoint().unwrap().unwrap();
    let ends: Vec<_> = saved.history().iter().map(PastRun::end).collect();
    assert_eq!(ends, [Some(RunEnd::Stopped)], "{what}");
    assert_eq!(saved.completed().len(), said.join().unwrap() + 2, "{what}");
}

#[test]
fn nothing_that_is_done_is_lost() {
    thread::scope(|scope| {
        for to_both in [false, true] {
            for apart in [0, 1, 15, 100, 1000] {
                for millis in [0, 5, 500] {
                    scope.spawn(move || pair(to_both, apart, millis));
                }
            }
        }
    });
}
