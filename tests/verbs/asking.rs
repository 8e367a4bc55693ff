//! Tests `pause` with a reason, and `abandon`.

use std::thread;

use safe_state::{Error, Job, Request, State, StopReason};

use crate::places::{done, on_each};

#[test]
fn a_reason_is_told_until_the_pause_is_taken_back() {
    on_each(|place| {
        let job = place.fail("mail", 3);
        job.pause_because("the server is down").unwrap();
        let status = job.status().unwrap();
        assert_eq!(status.asked.asked, Some("pause"));
        assert_eq!(status.asked.reason.as_deref(), Some("the server is down"));
        assert_eq!(job.requested().unwrap(), Some(Request::Pause));
        job.resume().unwrap();
        assert_eq!(job.status().unwrap().asked.reason, None);
        assert_eq!(done(&job), [3, 4, 5, 6, 7]);
    });
}

#[test]
fn no_run_of_an_abandoned_job_begins_until_it_is_resumed() {
    on_each(|place| {
        let job = place.job("mail");
        job.abandon("the customer has left").unwrap();
        for _ in 0..2 {
            let error = job.run(0..8, |_| -> Result<(), Error> { panic!("it ran") }).unwrap_err();
            assert!(matches!(error, Error::Stopped { reason: StopReason::Abandoned, .. }));
        }
        assert_eq!(job.status().unwrap().state, State::Abandoned);
        assert!(job.peek_checkpoint().unwrap().is_none());
        job.resume().unwrap();
        assert_eq!(done(&job).len(), 8);
    });
}

#[test]
fn a_run_under_way_ends_for_good() {
    on_each(|place| {
        let job = place.job("mail");
        let error = thread::scope(|scope| {
            let running = scope.spawn(|| job.run(0..u64::MAX, |_| Ok::<(), Error>(())));
            while job.status().unwrap().progress.completed == 0 {}
            job.abandon("").unwrap();
            running.join().unwrap().unwrap_err()
        });
        assert!(matches!(error, Error::Stopped { reason: StopReason::Abandoned, .. }), "{error}");
        assert!(error.to_string().contains("`safe-state resume mail`"), "{error}");
        let status = job.status().unwrap();
        assert_eq!((status.state, status.asked.reason), (State::Abandoned, None));
        assert!(status.progress.completed > 0);
    });
}

#[test]
fn nothing_else_that_is_asked_undoes_an_abandonment() {
    on_each(|place| {
        let job = place.fail("mail", 3);
        job.pause().unwrap();
        job.abandon("the customer has left").unwrap();
        for ask in [Job::pause, Job::cancel, Job::accept] {
            let error = ask(&job).unwrap_err().to_string();
            assert!(error.contains("was given up for good"), "{}: {error}", place.name);
        }
        let asked = job.status().unwrap().asked;
        assert_eq!(asked.reason.as_deref(), Some("the customer has left"), "{}", place.name);
        let error = job.run(0..8, |_| -> Result<(), Error> { panic!("it ran") }).unwrap_err();
        assert!(matches!(error, Error::Stopped { reason: StopReason::Abandoned, .. }), "{error}");
        job.abandon("and does not come back").unwrap();
        let asked = job.status().unwrap().asked;
        assert_eq!(asked.reason.as_deref(), Some("and does not come back"));
        job.resume().unwrap();
        job.accept().unwrap();
        assert_eq!(job.requested().unwrap(), Some(Request::Accept));
        assert_eq!(done(&job), [3, 4, 5, 6, 7]);
    });
}
