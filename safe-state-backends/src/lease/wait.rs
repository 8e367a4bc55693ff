//! Waiting for a lease that another run holds.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::name::check_job;
use crate::{Backend, Error, Lease, LeaseOptions};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
/// The longest pause between attempts. Any backend can be asked that often, even one that has to connect each time.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Takes the lease on `job`. If it is held, waits for it as long as the options say.
pub(crate) fn lease(
    backend: &Arc<dyn Backend>,
    job: &str,
    options: LeaseOptions,
) -> Result<Box<dyn Lease>, Error> {
    check_job(job)?;
    let patience = options.wait.unwrap_or_default();
    while_held(patience, LONGEST_PAUSE, || Arc::clone(backend).lease(job, options))
}

/// Repeats `attempt` while it returns [`Error::Held`], until `patience` is used up. Pauses between attempts, at most
/// `longest_pause`.
pub(crate) fn while_held<T>(
    patience: Duration,
    longest_pause: Duration,
    mut attempt: impl FnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let refused = match attempt() {
            Err(refused @ Error::Held { .. }) => refused,
            done => return done,
        };
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(refused);
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(longest_pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryBackend;

    const JOB: &str = "job";

    fn held() -> (Arc<dyn Backend>, Box<dyn Lease>) {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        let lease = Arc::clone(&backend).lease(JOB, LeaseOptions::default()).unwrap();
        (backend, lease)
    }

    fn wait(backend: &Arc<dyn Backend>, time: Option<Duration>) -> Result<(), Error> {
        lease(backend, JOB, LeaseOptions::default().wait(time)).map(drop)
    }

    #[test]
    fn a_waiting_run_gets_the_lease_as_soon_as_it_is_free() {
        let (backend, lease) = held();
        let began = Instant::now();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| wait(&backend, Some(Duration::from_secs(60))));
            thread::sleep(Duration::from_millis(50));
            assert!(!waiting.is_finished());
            drop(lease);
            waiting.join().unwrap().unwrap();
        });
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    }

    #[test]
    fn a_lease_is_waited_for_no_longer_than_asked() {
        let (backend, _lease) = held();
        for time in [None, Some(Duration::ZERO), Some(Duration::from_millis(100))] {
            let began = Instant::now();
            let refused = wait(&backend, time).unwrap_err();
            assert!(matches!(refused, Error::Held { .. }), "{refused}");
            let least = time.unwrap_or_default();
            let took = began.elapsed();
            assert!(took >= least && took < least + Duration::from_secs(60), "{took:?}");
        }
    }
}
