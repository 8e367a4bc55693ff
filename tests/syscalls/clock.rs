//! Tests jobs that are told another time, from run to run and from one look at the clock to the next.

use std::time::{Duration, SystemTime};

use safe_state::{Error, Job, backend};
use safe_state_tests::{Found, Worker, with_clock};

use crate::traced::{Kind, Victim};

const NINE_YEARS: Duration = Duration::from_secs(9 * 365 * 24 * 60 * 60);

#[test]
fn a_job_goes_on_in_another_decade() {
    run_in(["-10y", "+10y", "-10y"]);
    run_in(["+10y", "-10y", "+10y"]);
}

#[test]
fn a_job_goes_on_while_decades_pass() {
    // The clock moves ten years with each look, forth or back.
    run_in(["+0 i315360000"; 3]);
    run_in(["+0 i-315360000"; 3]);
}

#[test]
fn a_lease_does_not_depend_on_the_clock() {
    for clock in ["-10y", "+10y"] {
        let dir = tempfile::tempdir().unwrap();
        let job = Job::new("held").state_dir(dir.path());
        let mut command = with_clock(clock);
        command.arg(env!("CARGO_BIN_EXE_worker"));
        let worker = Worker::holding_by(command, dir.path());
        let refused = job.clear_checkpoint().unwrap_err();
        let Error::Backend(backend::Error::Held { holder: Some(holder), .. }) = &refused else {
            panic!("{clock}: {refused:?}");
        };
        assert!(is_far(holder.since()), "{clock}: {refused}");
        assert!(is_far(job.peek_checkpoint().unwrap().unwrap().updated_at()), "{clock}");
        worker.let_go();
        assert_eq!(job.peek_checkpoint().unwrap(), None, "{clock}");
    }
}

/// Does three runs, each with a clock of its own, of which the first two are killed in the middle.
fn run_in(clocks: [&str; 3]) {
    let mut victim = Victim::new(Kind("function", "power"));
    for clock in &clocks[..2] {
        victim.run_by(with_clock(clock), Some("pwrite64:signal=KILL:when=4"));
        assert_eq!(victim.look(clock), Found::Part, "{clocks:?}");
        let checkpoint = victim.job().peek_checkpoint().unwrap().unwrap();
        assert!(is_far(checkpoint.updated_at()), "{clocks:?}: {checkpoint}");
    }
    let (output, _) = victim.run_by(with_clock(clocks[2]), None);
    assert!(output.status.success(), "{clocks:?}: {output:?}");
    assert_eq!(victim.look("at the end"), Found::Finished, "{clocks:?}");
}

fn is_far(time: SystemTime) -> bool {
    let now = SystemTime::now();
    let away = now.duration_since(time).or_else(|_| time.duration_since(now));
    away.unwrap() > NINE_YEARS
}
