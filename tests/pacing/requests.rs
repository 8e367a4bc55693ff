//! Tests jobs that are paused, resumed and cancelled from outside.

use std::cell::{Cell, RefCell};
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use safe_state::backend::{Backend, SqliteBackend};
use safe_state::{
    Error, FileBackend, Job, MemoryBackend, Request, Results, StopReason, checkpoint, resumable,
};
use safe_state_tests::{Effects, shapes::block_on};

/// Returns whether the error says that the run was cancelled.
fn is_cancelled(error: &Error) -> bool {
    matches!(error, Error::Stopped { reason: StopReason::Cancelled, .. })
}

macro_rules! jobs {
    ($($name:ident, [$($asynchronous:ident)?], $save_every:expr;)*) => { $(
        #[resumable(name = "asked", backend = Arc::clone(&backend), save_every = $save_every, carry(sum))]
        $($asynchronous)? fn $name(backend: Arc<dyn Backend>, items: Range<u64>, begins: impl Fn(u64)) -> Result<u64, Error> {
            let mut sum = 0;
            for item in items {
                begins(item);
                sum += item;
            }
            Ok(sum)
        }
    )* };
}

jobs! {
    often, [], 1;
    seldom, [], 1_000_000_000;
    by_time, [], "1h";
    often_async, [async], 1;
    seldom_async, [async], 1_000_000_000;
}

type Call<'a> = (&'a str, fn(Arc<dyn Backend>, Range<u64>, &dyn Fn(u64)) -> Result<u64, Error>);

const JOBS: [Call<'_>; 5] = [
    ("often", |backend, items, begins| often(backend, items, begins)),
    ("seldom", |backend, items, begins| seldom(backend, items, begins)),
    ("by time", |backend, items, begins| by_time(backend, items, begins)),
    ("often, async", |backend, items, begins| block_on(often_async(backend, items, begins))),
    ("seldom, async", |backend, items, begins| block_on(seldom_async(backend, items, begins))),
];

#[test]
fn a_run_that_is_cancelled_has_saved_and_the_next_goes_on() {
    for (name, call) in JOBS {
        let dir = tempfile::tempdir().unwrap();
        let backends: [Arc<dyn Backend>; 3] = [
            Arc::new(MemoryBackend::default()),
            Arc::new(FileBackend::new(dir.path())),
            Arc::new(SqliteBackend::new(dir.path().join("jobs.db"))),
        ];
        for backend in backends {
            let job = Job::new("asked").backend(Arc::clone(&backend));
            let done = Cell::new(0);
            let begins = |item| {
                assert_eq!(item, done.get(), "{name}");
                done.set(item + 1);
                if item == 2 {
                    job.cancel().unwrap();
                    assert_eq!(job.requested().unwrap(), Some(Request::Cancel));
                }
            };
            let error = call(Arc::clone(&backend), 0..u64::MAX, &begins).unwrap_err();
            assert!(is_cancelled(&error), "{name}: {error}");
            assert_eq!(
                error.to_string(),
                "job `asked` stopped because it was cancelled, and has saved its progress; run it again to go on"
            );
            assert_eq!(job.requested().unwrap(), None);
            assert_eq!(backend.list().unwrap(), ["asked"]);
            let count = done.get();
            let checkpoint = job.peek_checkpoint().unwrap().unwrap();
            assert_eq!(checkpoint.completed().len(), count, "{name}");
            assert_eq!(checkpoint.carried("sum"), Ok(Some((0..count).sum::<u64>())), "{name}");
            assert_eq!(checkpoint.last_failure(), None);
            let end = count + 3;
            assert_eq!(call(backend, 0..end, &begins).unwrap(), (0..end).sum::<u64>());
        }
    }
}

#[test]
fn a_job_that_is_paused_waits_before_its_first_item() {
    for (name, call) in JOBS {
        let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        let job = Job::new("asked").backend(Arc::clone(&backend));
        job.pause().unwrap();
        std::thread::scope(|scope| {
            let run = scope.spawn(|| {
                let begins = |_| assert_eq!(job.requested().unwrap(), None, "{name}");
                call(Arc::clone(&backend), 0..10, &begins).unwrap()
            });
            while job.peek_checkpoint().unwrap().is_none() {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_millis(70));
            assert!(!run.is_finished());
            job.resume().unwrap();
            assert_eq!(run.join().unwrap(), 45);
        });
    }
}

#[test]
fn an_async_run_that_is_paused_blocks_nothing() {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    let job = Job::new("asked").backend(Arc::clone(&backend));
    let done = RefCell::new(Vec::new());
    let begins = |item| {
        done.borrow_mut().push(item);
        if item == 2 {
            job.pause().unwrap();
        }
    };
    block_on(async {
        let run = seldom_async(Arc::clone(&backend), 0..u64::MAX, begins);
        let other = async {
            // The run has saved all items when it pauses. Afterwards it is cancelled.
            while job.peek_checkpoint().unwrap().is_none_or(|it| it.completed().is_empty()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(job.requested().unwrap(), Some(Request::Pause));
            job.cancel().unwrap();
        };
        let (ended, ()) = tokio::join!(run, other);
        assert!(is_cancelled(&ended.unwrap_err()));
    });
    let checkpoint = job.peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.completed().len(), done.borrow().len() as u64);
}

#[test]
fn a_run_does_not_heed_what_was_asked_of_the_one_before() {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    let job = Job::new("asked").backend(Arc::clone(&backend));
    job.cancel().unwrap();
    let begins = |_| assert_eq!(job.requested().unwrap(), None);
    assert_eq!(often(Arc::clone(&backend), 0..10, begins).unwrap(), 45);
}

#[test]
fn a_run_in_another_process_is_paused_resumed_and_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_policy"));
    let mut child = child.arg("endless").arg(dir.path()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut wait_for = |text| while !lines.next().unwrap().unwrap().contains(text) {};
    let effects = Effects::open(dir.path().join("effects")).unwrap();
    let job = Job::new("endless").state_dir(dir.path());
    wait_for("starting");
    for _ in 0..2 {
        job.pause().unwrap();
        wait_for("paused");
        let done = effects.all().len();
        let completed = || job.peek_checkpoint().unwrap().unwrap().completed().len();
        assert_eq!(completed(), done as u64, "it has saved");
        std::thread::sleep(Duration::from_millis(70));
        assert_eq!(effects.all().len(), done);
        job.resume().unwrap();
        wait_for("goes on");
        while effects.all().len() == done {
            std::thread::yield_now();
        }
    }
    job.cancel().unwrap();
    wait_for("because it was cancelled");
    assert!(!child.wait().unwrap().success());
}

#[resumable(name = "nested", backend = Arc::clone(backend))]
fn nested(backend: &Arc<MemoryBackend>, items: Range<u64>, last: &Cell<(u64, u64)>) -> u64 {
    #[resume]
    for item in items.clone() {
        #[resume]
        for part in items.clone() {
            if (item, part) == (1, 1) && last.get() < (1, 1) {
                Job::new("nested").backend(Arc::clone(backend)).cancel().unwrap();
            }
            assert!((item, part) > last.get() || last.get() == (0, 0));
            last.set((item, part));
        }
    }
    7
}

#[test]
fn a_function_that_cannot_return_errors_panics_with_the_same_words() {
    let (backend, last) = (Arc::default(), Cell::default());
    let run = |end| {
        let run = std::panic::AssertUnwindSafe(|| nested(&backend, 0..end, &last));
        std::panic::catch_unwind(run)
    };
    let panic = run(100_000).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert!(text.contains("job `nested` stopped because it was cancelled"), "{text}");
    let left = last.get();
    assert!(left >= (1, 1));
}

#[resumable(name = "walk", backend = Arc::clone(backend), manual, carry(seen))]
fn walk(backend: &Arc<MemoryBackend>, end: u64) -> Result<usize, Error> {
    let mut seen = Results::new();
    while (seen.len() as u64) < end {
        seen.push(7);
        if seen.len() == 3 {
            Job::new("walk").backend(Arc::clone(backend)).cancel()?;
        }
        checkpoint!();
    }
    Ok(seen.len())
}

#[test]
fn a_manual_checkpoint_heeds_a_cancellation() {
    let backend = Arc::default();
    assert!(is_cancelled(&walk(&backend, u64::MAX).unwrap_err()));
    let seen = Job::new("walk").backend(Arc::clone(&backend)).peek_checkpoint().unwrap().unwrap();
    let seen = seen.carried::<Results<i32>>("seen").unwrap().unwrap().len();
    assert_eq!(walk(&backend, seen as u64 + 1).unwrap(), seen + 1);
}

#[test]
fn a_job_without_the_attribute_heeds_a_cancellation() {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    let job = Job::new("plain").backend(backend).save_every(1000);
    let error = job.run(0..u64::MAX, |item| if item == 1 { job.cancel() } else { Ok(()) });
    assert!(is_cancelled(&error.unwrap_err()));
}

#[test]
fn no_job_has_a_name_of_a_request() {
    let job = Job::new("safe-state/request/a").backend(MemoryBackend::default());
    let error = job.run([1], |_| Ok::<(), Error>(())).unwrap_err().to_string();
    assert_eq!(
        error,
        "the job's name `safe-state/request/a` begins with `safe-state/`, which no job's may; give it another"
    );
    assert!(job.pause().is_err());
}
