//! Kills a job at each system call, and once more while it recovers.

use std::os::unix::process::ExitStatusExt;

use safe_state_tests::Found;

use crate::traced::{Call, Kind, Victim, calls_of, is_out_of_reach};

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
        kill_at(kind, &calls, first, second);
    }
    println!("{kind:?}: killed at each of {} calls", calls.len());
}

fn kill_at(kind: Kind, undisturbed: &[Call], first: &Call, second: &Call) {
    let mut victim = Victim::new(kind);
    let when = format!("{kind:?}, killed at {first:?}");
    if let Some(calls) = victim.survives(first) {
        assert!(is_out_of_reach(first, undisturbed, &calls), "{when}: was not");
    }
    if victim.look(&when) == Found::Finished {
        return;
    }
    let when = format!("{when}, then at {second:?}");
    // The rest of the job may end before it comes to that call.
    victim.survives(second);
    if victim.look(&when) != Found::Finished {
        victim.run_to_the_end(&when);
    }
}

impl Victim {
    /// Kills a run at a call. Returns the calls of a run that has finished before it comes to it.
    fn survives(&self, call: &Call) -> Option<Vec<Call>> {
        let inject = format!("{}:signal=KILL:when={}", call.name, call.nth);
        let (output, calls) = self.run(Some(&inject));
        let killed = output.status.signal() == Some(KILL);
        assert!(killed || output.status.success(), "{call:?}: {output:?}");
        (!killed).then_some(calls)
    }
}
