//! Tests that the pause between two attempts ends with the run.

use std::cell::RefCell;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use safe_state::{Attempts, Backoff, Error, Job, StopReason, resumable};
use safe_state_tests::shapes::block_on;

/// The items that have begun, and what an item that fails does first.
struct World<'w> {
    begun: RefCell<Vec<u32>>,
    failing: &'w dyn Fn(),
}

impl World<'_> {
    fn work(&self, item: u32) -> anyhow::Result<()> {
        self.begun.borrow_mut().push(item);
        if self.begun.borrow().len() == 3 {
            (self.failing)();
            anyhow::bail!("busy");
        }
        Ok(())
    }
}

macro_rules! jobs {
    ($($name:ident, [$($asynchronous:ident)?] $(, $option:ident = $value:expr)?;)*) => { $(
        #[resumable(
            name = "patient",
            on_code_change = "continue",
            state_dir = dir,
            max_attempts = 2,
            backoff = Backoff::constant("1h"),
            $($option = $value)?
        )]
        $($asynchronous)? fn $name(dir: &Path, items: &[u32], world: &World<'_>) -> anyhow::Result<()> {
            for item in items {
                world.work(*item)?;
            }
            Ok(())
        }
    )* };
}

jobs! {
    patient, [];
    patient_async, [async];
    brief, [], max_runtime = "100ms";
    brief_async, [async], max_runtime = "100ms";
}

#[resumable(name = "patient", on_code_change = "continue", state_dir = dir, max_attempts = 2, backoff = Backoff::constant("200ms"))]
fn hasty(
    dir: &Path,
    items: &[u32],
    world: &World<'_>,
    is_resumed: &AtomicBool,
) -> anyhow::Result<()> {
    for item in items {
        let is_second = world.begun.borrow().len() == 3;
        assert_eq!(is_second, is_resumed.load(Ordering::SeqCst), "item {item}");
        world.work(*item)?;
    }
    Ok(())
}

type Call = fn(&Path, &[u32], &World<'_>) -> anyhow::Result<()>;

/// Returns the attempts at the item in flight.
fn attempts(dir: &Path) -> Option<Attempts> {
    let checkpoint = Job::new("patient").state_dir(dir).peek_checkpoint().unwrap()?;
    assert_eq!(checkpoint.last_failure(), None);
    checkpoint.loop_progress(0)?.attempts()
}

/// Checks that a run that has to stop while it waits has counted the attempt, has not failed, and that the next run
/// goes on with it.
fn stops(call: Call, again: Call, reason: StopReason, failing: impl Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let world = World { begun: RefCell::default(), failing: &|| failing(dir.path()) };
    let error = call(dir.path(), &[0, 1, 2, 3], &world).unwrap_err();
    let Some(Error::Stopped { reason: told, .. }) = error.downcast_ref() else { panic!("{error}") };
    assert_eq!(*told, reason);
    let attempts = attempts(dir.path()).unwrap();
    assert_eq!((attempts.item, attempts.count), (2, 1));
    again(dir.path(), &[0, 1, 2, 3], &world).unwrap();
    assert_eq!(*world.begun.borrow(), [0, 1, 2, 2, 3]);
}

const PATIENT: [Call; 2] =
    [patient, |dir, items, world| block_on(patient_async(dir, items, world))];
const BRIEF: [Call; 2] = [brief, |dir, items, world| block_on(brief_async(dir, items, world))];

#[test]
fn a_run_that_is_cancelled_does_not_wait_for_the_next_attempt() {
    for call in PATIENT {
        let cancel = |dir: &Path| Job::new("patient").state_dir(dir).cancel().unwrap();
        stops(call, call, StopReason::Cancelled, cancel);
    }
}

#[test]
fn a_run_at_its_max_runtime_does_not_wait_for_the_next_attempt() {
    for (call, again) in BRIEF.into_iter().zip(PATIENT) {
        stops(call, again, StopReason::MaxRuntime, |_| ());
    }
}

#[test]
fn a_run_that_is_paused_waits_longer() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("patient").state_dir(dir.path());
    let is_resumed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let pause = || {
            job.pause().unwrap();
            scope.spawn(|| {
                while attempts(dir.path()).is_none() {
                    std::thread::yield_now();
                }
                std::thread::sleep(Duration::from_millis(70));
                is_resumed.store(true, Ordering::SeqCst);
                job.resume().unwrap();
            });
        };
        let world = World { begun: RefCell::default(), failing: &pause };
        hasty(dir.path(), &[0, 1, 2], &world, &is_resumed).unwrap();
        assert_eq!(*world.begun.borrow(), [0, 1, 2, 2]);
    });
}
