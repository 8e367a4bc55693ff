//! Kills a job at each system call, and once more while it recovers.

use std::os::unix::process::ExitStatusExt;

use safe_state_tests::Found;

use crate::traced::{Call, Kind, Victim, calls_of};

/// SIGKILL, which no process can catch.
const KILL: i32 = 9;

#[test]
fn a_job_survives_a_kill_at_each_call() {
    kill_at_each(Kind("function", "power"));
    kill_at_each(Kind("function", "process"));
}

#[test]
fn a_job_that_replaces_its_snapshot_survives_a_kill_at_each_call() {
    kill_at_each(Kind("bulky", "power"));
}

#[test]
fn an_async_job_survives_a_kill_at_each_call() {
    kill_at_each(Kind("future", "power"));
}

fn kill_at_each(kind: Kind) {
    let calls = calls_of(kind);
    for (at, first) in calls.iter().enumerate() {
        // Each call of the first run goes with a different call of the recovery, because all pairs are too many.
        let second = &calls[at * 7 % calls.len()];
        kill_at(kind, first, second);
    }
    println!("{kind:?}: killed at each of {} calls", calls.len());
}

fn kill_at(kind: Kind, first: &Call, second: &Call) {
    let mut victim = Victim::new(kind);
    let when = format!("{kind:?}, killed at {first:?}");
    assert!(victim.is_killed_at(first) || first.depends_on_time(), "{when}: was not");
    if victim.look(&when) == Found::Finished {
        return;
    }
    let when = format!("{when}, then at {second:?}");
    // The rest of the job may end before it comes to that call.
    victim.is_killed_at(second);
    if victim.look(&when) != Found::Finished {
        victim.run_to_the_end(&when);
    }
}

impl Victim {
    fn is_killed_at(&self, call: &Call) -> bool {
        let (output, _) = self.run(Some(&format!("{}:signal=KILL:when={}", call.name, call.nth)));
        let killed = output.status.signal() == Some(KILL);
        assert!(killed || output.status.success(), "{call:?}: {output:?}");
        killed
    }
}
