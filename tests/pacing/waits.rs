//! Tests requests to a run while it waits, and after its last item.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::{Backend, LeaseOptions, SqliteBackend};
use safe_state::{
    Backoff, Error, FileBackend, Job, MemoryBackend, Rate, Request, StopReason, resumable,
};
use safe_state_tests::shapes::block_on;

/// A time that is far less than an hour, and enough for any machine.
const SOON: Duration = Duration::from_secs(60);

type Stored = Arc<dyn Backend>;

/// The number of items that have begun.
type Begun = AtomicU64;

fn stored() -> (Stored, Job) {
    let backend: Stored = Arc::new(MemoryBackend::default());
    let job = Job::new("waits").backend(Arc::clone(&backend));
    (backend, job)
}

fn is_cancelled<T>(ended: &Result<T, Error>) -> bool {
    matches!(ended, Err(Error::Stopped { reason: StopReason::Cancelled, .. }))
}

fn wait_for(what: impl Fn() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < SOON, "it does not come");
        thread::sleep(Duration::from_millis(1));
    }
}

macro_rules! waiting {
    ($($name:ident, [$($asynchronous:ident)?], $($option:ident = $value:expr),+;)*) => { $(
        #[resumable(name = "waits", backend = backend, save_every = 1000, carry(sum), $($option = $value),+)]
        $($asynchronous)? fn $name(backend: Stored, begun: &Begun) -> Result<u64, Error> {
            let mut sum = 0;
            for item in 0..5 {
                begun.fetch_add(1, Ordering::SeqCst);
                sum += item;
            }
            Ok(sum)
        }
    )* };
}

waiting! {
    rated, [], rate = "1/h";
    rated_async, [async], rate = "1/h";
    throttled, [], throttle = || BUSY.load(Ordering::SeqCst);
    throttled_async, [async], throttle = || BUSY.load(Ordering::SeqCst);
}

/// Whether the throttle lets the next item begin. Each test is a process of its own, so tests can share the flag.
static BUSY: AtomicBool = AtomicBool::new(false);

#[resumable(name = "waits", backend = backend, max_attempts = 3, backoff = Backoff::constant("1h"), fresh(begun))]
fn backs_off(backend: Stored, begun: &Begun) -> Result<u64, Error> {
    for item in 0..5 {
        begun.fetch_add(1, Ordering::SeqCst);
        if item < 9 {
            return Err(Error::Thread(std::io::ErrorKind::Other.into()));
        }
    }
    Ok(0)
}

fn plain(backend: Stored, begun: &Begun) -> Result<u64, Error> {
    let job = Job::new("waits").backend(backend).rate(Rate::new(1, Duration::from_secs(3600)));
    job.save_every(1000).run(0..5, |_| {
        begun.fetch_add(1, Ordering::SeqCst);
        Ok::<(), Error>(())
    })?;
    Ok(0)
}

type Call = fn(Stored, &Begun) -> Result<u64, Error>;

/// The calls that wait after the body of their first item, each with the number of items that are complete while it
/// waits.
const RATED: [(Call, u64); 4] = [
    (rated, 1),
    (|backend, begun| block_on(rated_async(backend, begun)), 1),
    (plain, 1),
    (backs_off, 0),
];

#[test]
fn a_run_that_waits_is_cancelled_at_once() {
    for (at, (call, complete)) in RATED.into_iter().enumerate() {
        let ((backend, job), begun) = (stored(), Begun::default());
        thread::scope(|scope| {
            let run = scope.spawn(|| call(Arc::clone(&backend), &begun));
            wait_for(|| begun.load(Ordering::SeqCst) == 1);
            job.cancel().unwrap();
            wait_for(|| run.is_finished());
            assert!(is_cancelled(&run.join().unwrap()), "{at}");
        });
        assert_eq!(begun.into_inner(), 1, "{at}: no other item begins");
        let stored = job.peek_checkpoint().unwrap().unwrap();
        assert_eq!(stored.completed().len(), complete, "{at}");
        assert_eq!(job.requested().unwrap(), None);
    }
}

#[test]
fn a_run_that_waits_is_paused_with_all_that_is_complete_and_waits_on() {
    for (at, (call, complete)) in RATED.into_iter().enumerate().take(3) {
        let ((backend, job), begun) = (stored(), Begun::default());
        thread::scope(|scope| {
            let run = scope.spawn(|| call(Arc::clone(&backend), &begun));
            wait_for(|| begun.load(Ordering::SeqCst) == 1);
            job.pause().unwrap();
            let saved = || {
                job.peek_checkpoint().unwrap().is_some_and(|it| it.completed().len() == complete)
            };
            wait_for(saved);
            job.resume().unwrap();
            thread::sleep(Duration::from_millis(150));
            assert!(
                !run.is_finished() && begun.load(Ordering::SeqCst) == 1,
                "{at}: it waits for its time"
            );
            job.cancel().unwrap();
            wait_for(|| run.is_finished());
            assert!(is_cancelled(&run.join().unwrap()), "{at}");
        });
        assert_eq!(begun.into_inner(), 1, "{at}");
    }
}

#[test]
fn a_run_that_is_throttled_before_its_first_item_is_cancelled() {
    let calls: [Call; 2] = [throttled, |backend, begun| block_on(throttled_async(backend, begun))];
    for call in calls {
        let ((backend, job), begun) = (stored(), Begun::default());
        BUSY.store(true, Ordering::SeqCst);
        thread::scope(|scope| {
            let run = scope.spawn(|| call(Arc::clone(&backend), &begun));
            wait_for(|| job.peek_checkpoint().unwrap().is_some());
            job.cancel().unwrap();
            wait_for(|| run.is_finished());
            assert!(is_cancelled(&run.join().unwrap()));
        });
        assert_eq!(begun.load(Ordering::SeqCst), 0);
        BUSY.store(false, Ordering::SeqCst);
        assert_eq!(call(backend, &begun).unwrap(), 10);
    }
}

#[test]
fn a_run_that_waits_for_its_lease_heeds_only_a_new_request() {
    let calls: [Call; 2] =
        [waits_for_lease, |backend, begun| block_on(waits_for_lease_async(backend, begun))];
    for call in calls {
        let ((backend, job), begun) = (stored(), Begun::default());
        let lease = Arc::clone(&backend).lease("waits", LeaseOptions::default()).unwrap();
        job.cancel().unwrap();
        thread::scope(|scope| {
            let run = scope.spawn(|| call(Arc::clone(&backend), &begun));
            thread::sleep(Duration::from_millis(400));
            assert!(!run.is_finished());
            // The run may look at any time, and has to see that the older request was taken back.
            wait_for(|| {
                job.resume().unwrap();
                thread::sleep(Duration::from_millis(300));
                job.cancel().unwrap();
                thread::sleep(Duration::from_millis(300));
                run.is_finished()
            });
            assert!(is_cancelled(&run.join().unwrap()));
        });
        assert_eq!(begun.load(Ordering::SeqCst), 0);
        drop(lease);
        assert_eq!(call(backend, &begun).unwrap(), 10, "it was for the run before");
    }
}

waiting! {
    waits_for_lease, [], wait = "1h";
    waits_for_lease_async, [async], wait = "1h";
}

#[test]
fn many_may_ask_a_run_at_a_time_and_also_a_job_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let backends: [Stored; 3] = [
        Arc::new(MemoryBackend::default()),
        Arc::new(FileBackend::new(folder.path())),
        Arc::new(SqliteBackend::new(folder.path().join("jobs.db"))),
    ];
    for backend in backends {
        let job = Job::new("waits").backend(Arc::clone(&backend)).save_every(1000);
        let ask = || {
            for at in 0..5 {
                let asked = [Job::pause, Job::cancel, Job::resume][at % 3](&job);
                asked.unwrap();
            }
        };
        let all_ask = || thread::scope(|scope| (0..8).for_each(|_| _ = scope.spawn(ask)));
        all_ask();
        job.pause().unwrap();
        assert_eq!(job.requested().unwrap(), Some(Request::Pause), "the last one counts");
        job.resume().unwrap();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let (is_over, job) = (&is_over, &job);
            let run = scope.spawn(move || {
                // Each run is cancelled sooner or later.
                while !is_over.load(Ordering::SeqCst) {
                    let ended = job.run(0..u64::MAX, |_| Ok::<(), Error>(()));
                    assert!(is_cancelled(&ended), "{ended:?}");
                }
            });
            wait_for(|| job.peek_checkpoint().unwrap().is_some());
            all_ask();
            is_over.store(true, Ordering::SeqCst);
            wait_for(|| {
                job.cancel().unwrap();
                thread::sleep(Duration::from_millis(20));
                run.is_finished()
            });
            run.join().unwrap();
        });
    }
}

/// Asks `of` the run from within an item, and waits until the run has to ask again.
fn ask(job: &Job, of: Request) {
    match of {
        Request::Cancel => job.cancel().unwrap(),
        _ => job.pause().unwrap(),
    }
    // The run asks again after some time, which is over then.
    thread::sleep(Duration::from_millis(60));
}

macro_rules! asked_in_the_last_item {
    ($($name:ident, [$($asynchronous:ident)?], $items:expr $(, $option:ident)*;)*) => { $(
        #[resumable(name = "waits", backend = Arc::clone(&backend), save_every = 1000, fresh(job) $(, $option = "1/h")*)]
        $($asynchronous)? fn $name(backend: Stored, of: Request) -> Result<u64, Error> {
            let (mut last, job) = (0, Job::new("waits").backend(Arc::clone(&backend)));
            let items = $items;
            let most = items.len();
            #[resume]
            for (at, item) in items.into_iter().enumerate() {
                if at + 1 == most {
                    ask(&job, of);
                }
                let _ = item;
            }
            last += most as u64;
            Ok(last)
        }
    )* };
}

asked_in_the_last_item! {
    range, [], 0..3;
    range_async, [async], 0..3;
    rated_to_the_end, [], 0..1, rate;
    rated_to_the_end_async, [async], 0..1, rate;
    list, [], vec![1, 2];
}

/// Filters its input, so that only some of the numbers are items.
#[resumable(name = "waits", backend = Arc::clone(&backend))]
fn chosen(backend: Stored, of: Request) -> Result<u64, Error> {
    for item in (0..6).filter(|item| *item >= 3) {
        if item == 5 {
            ask(&Job::new("waits").backend(Arc::clone(&backend)), of);
        }
    }
    Ok(3)
}

#[resumable(name = "waits", backend = Arc::clone(&backend))]
fn nested(backend: Stored, of: Request) -> Result<u64, Error> {
    #[resume]
    for item in 0..2 {
        #[resume]
        for part in 0..2 {
            if (item, part) == (1, 1) {
                ask(&Job::new("waits").backend(Arc::clone(&backend)), of);
            }
        }
    }
    Ok(3)
}

type AskedCall = fn(Stored, Request) -> Result<u64, Error>;

fn without_attribute(backend: Stored, of: Request) -> Result<u64, Error> {
    let job = Job::new("waits").backend(backend);
    job.run(0..3, |item| {
        if item == 2 {
            ask(&job, of);
        }
        Ok::<(), Error>(())
    })?;
    Ok(3)
}

#[test]
fn a_job_whose_input_has_ended_is_finished_whatever_is_asked() {
    let calls: [AskedCall; 8] = [
        range,
        |backend, of| block_on(range_async(backend, of)),
        rated_to_the_end,
        |backend, of| block_on(rated_to_the_end_async(backend, of)),
        list,
        chosen,
        nested,
        without_attribute,
    ];
    for (at, call) in calls.into_iter().enumerate() {
        for of in [Request::Cancel, Request::Pause] {
            let (backend, job) = stored();
            thread::scope(|scope| {
                let run = scope.spawn(|| call(Arc::clone(&backend), of));
                wait_for(|| run.is_finished());
                let ended = run.join().unwrap();
                assert!(ended.is_ok(), "{at}, {of:?}: {ended:?}");
            });
            assert!(job.peek_checkpoint().unwrap().is_none(), "{at}, {of:?}");
        }
    }
}

#[resumable(name = "waits", backend = Arc::clone(backend))]
fn two_loops(backend: &Stored, second: &Cell<u64>) -> Result<u64, Error> {
    #[resume]
    for item in 0..3 {
        if item == 2 {
            ask(&Job::new("waits").backend(Arc::clone(backend)), Request::Cancel);
        }
    }
    #[resume]
    for _ in 0..3 {
        second.set(second.get() + 1);
    }
    Ok(second.get())
}

#[test]
fn a_run_with_another_loop_stops_before_that_loops_first_item() {
    let ((backend, job), second) = (stored(), Cell::new(0));
    assert!(is_cancelled(&two_loops(&backend, &second)));
    assert_eq!(second.get(), 0);
    assert_eq!(job.requested().unwrap(), None);
    assert_eq!(two_loops(&backend, &second).unwrap(), 3);
}

/// Tries the first run's dead letter once more, before items that are complete.
#[resumable(name = "waits", backend = Arc::clone(backend), keep_on_success, on_error = |_| safe_state::Action::DeadLetter, fresh(fails))]
fn retried(backend: &Stored, fails: bool, ran: &Cell<u64>) -> Result<u64, Error> {
    for item in 0..4 {
        ran.set(ran.get() + 1);
        if item == 1 && fails {
            return Err(Error::Thread(std::io::ErrorKind::Other.into()));
        }
        if item == 1 {
            ask(&Job::new("waits").backend(Arc::clone(backend)), Request::Cancel);
        }
    }
    Ok(ran.get())
}

#[test]
fn a_retry_that_has_done_the_last_dead_letter_is_finished() {
    let ((backend, job), ran) = (stored(), Cell::new(0));
    assert_eq!(retried(&backend, true, &ran).unwrap(), 4);
    job.retry_dead_letters().unwrap();
    assert_eq!(retried(&backend, false, &ran).unwrap(), 5);
}
