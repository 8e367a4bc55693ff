//! Tests of a program's own jobs: does a job give the same after a crash as without one?
//!
//! [`survives`] runs a job once undisturbed, and then many times more. Each time it stops the job at another place, as
//! a crash would, and runs it again until it ends. Whatever the place, the result has to equal that of the undisturbed
//! run.
//!
//! ```
//! use safe_state::{resumable, testing};
//!
//! #[resumable(carry(sum))]
//! fn total(orders: &[u64]) -> anyhow::Result<u64> {
//!     let mut sum = 0;
//!     for order in orders {
//!         sum += order;
//!     }
//!     Ok(sum)
//! }
//!
//! # fn main() {
//! testing::survives(|_| total(&[20, 30, 50]).unwrap());
//! # }
//! ```
//!
//! If `sum` were named in `fresh` instead of `carry`, the test would fail:
//!
//! ```should_panic
//! # use safe_state::{resumable, testing};
//! # #[resumable(fresh(sum))]
//! # fn total(orders: &[u64]) -> anyhow::Result<u64> {
//! #     let mut sum = 0;
//! #     for order in orders {
//! #         sum += order;
//! #     }
//! #     Ok(sum)
//! # }
//! // crashed before save 2: the result is 80, and without a crash it is 100
//! testing::survives(|_| total(&[20, 30, 50]).unwrap());
//! ```
//!
//! While a trial runs, the jobs of its thread have their checkpoints in the trial's memory, whatever their `backend`
//! and `state_dir`. So a test needs no folder of its own, and tests may run side by side. A trial does not see a job
//! that moves to another thread before it begins. It can't test a job with `commit!`, whose progress has to be in the
//! transaction's database: test this job with [`stop_after`] and [`fail_at`].

mod places;
mod quiet;
mod shelf;

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Arc;

use safe_state_backends::Backend;
use tempfile::TempDir;

pub use places::{fail_at, stop_after, stop_at_step};
use shelf::{Crash, Shelf};

thread_local! {
    /// The place of this thread's checkpoints while a trial runs; it replaces the place that the jobs name.
    static BACKEND: RefCell<Option<Arc<Shelf>>> = const { RefCell::new(None) };
}

/// Returns the backend of this thread's jobs while a trial runs.
pub(crate) fn backend() -> Option<Arc<dyn Backend>> {
    BACKEND.with_borrow(|shelf| shelf.clone().map(|shelf| shelf as Arc<dyn Backend>))
}

/// Returns the place of this thread's checkpoints while a trial runs, for the message of a `commit!`.
pub(crate) fn place() -> Option<String> {
    let place = "the memory of `testing::survives`, which can't test a `commit!`";
    backend().map(|_| place.to_owned())
}

/// Calls `work` with a memory of its own, where the jobs of this thread that name no place have their checkpoints.
///
/// A `#[test]` does not need this function. A job in a test has its checkpoint in memory if it names neither a
/// `backend` nor a `state_dir`, and neither `$SAFE_STATE_BACKEND` nor `$SAFE_STATE_DIR` is set. Each thread has a
/// memory of its own; the threads of an executor share one. So tests neither see each other's runs nor leave files. A
/// test with several threads, or with a process that it starts, has to name a place. The crate of the job's function
/// tells that it is a test by `cfg(test)`; with this feature, the name that Cargo gives a test's program tells it too.
/// Doctests, and harnesses that run several tests on one thread, need this function.
///
/// ```
/// use safe_state::{resumable, testing};
///
/// #[resumable]
/// fn bill(orders: &[u64]) -> anyhow::Result<()> {
///     for order in orders {
///         anyhow::ensure!(*order > 0, "the bank says no");
///     }
///     Ok(())
/// }
///
/// # fn main() {
/// testing::in_memory(|| bill(&[1, 2, 0]).unwrap_err());
/// testing::in_memory(|| bill(&[3]).unwrap());
/// # }
/// ```
pub fn in_memory<T>(work: impl FnOnce() -> T) -> T {
    crate::job::test_memory::with_another(work)
}

/// One life of a job, with at most one crash in it.
#[derive(Debug)]
pub struct Trial {
    shelf: Arc<Shelf>,
    dir: TempDir,
}

impl Trial {
    fn new(crash: Option<Crash>) -> Self {
        let dir = tempfile::tempdir().unwrap_or_else(|error| {
            panic!("no folder can be made for a trial: {error}; make room where temporary files go")
        });
        Trial { shelf: Arc::new(Shelf::new(crash)), dir }
    }

    /// Returns a folder for the files that the job writes. The folder is empty at first, and is kept between the crash
    /// and the run after it.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the items of `input`, for a job that takes an iterator. The trials then also stop the job at each of
    /// these items, as a crash in the middle of the item would.
    pub fn items<I: IntoIterator>(&self, input: I) -> impl Iterator<Item = I::Item> {
        let shared = Arc::clone(&self.shelf);
        input.into_iter().inspect(move |_| {
            if shared.crashes_at_item() {
                resume_unwind(Box::new(Stopped));
            }
        })
    }

    fn run<R>(&self, job: &mut impl FnMut(&Trial) -> R) -> Result<R, Box<dyn Any + Send>> {
        let before = BACKEND.replace(Some(Arc::clone(&self.shelf)));
        let outcome = quiet::hiding_panics(|| catch_unwind(AssertUnwindSafe(|| job(self))));
        BACKEND.set(before);
        outcome
    }

    /// Runs the job, and runs it again after a crash.
    fn result<R>(&self, job: &mut impl FnMut(&Trial) -> R) -> R {
        let outcome = self.run(job);
        let outcome = if self.shelf.repair() { self.run(job) } else { outcome };
        outcome.unwrap_or_else(|panic| {
            quiet::print_hidden();
            resume_unwind(panic)
        })
    }
}

/// The payload that unwinds a job which is stopped at an item. No panic hook prints it.
struct Stopped;

/// Stops `job` at each place where a crash could stop it, runs it again, and compares the result with that of an
/// undisturbed run. The places are before and after each save, and at each item of [`Trial::items`]. A save that
/// removes the checkpoint has no place after it, because a job that is done is run anew.
///
/// Each place has a [`Trial`] of its own, with which the job is called twice: before the crash and after it. A panic
/// because of a crash is not printed. A crash is an error of the job, or a panic where the job returns no errors, so
/// `job` may unwrap a `Result`. Effects count as results if `job` returns what is left of them, as
/// `std::fs::read(trial.dir().join("report"))` does.
///
/// # Panics
///
/// If a result differs, with the place of the crash; if `job` panics without a crash; and if no job of this thread has
/// saved anything, so that nothing can be tested.
#[track_caller]
pub fn survives<R: PartialEq + Debug>(mut job: impl FnMut(&Trial) -> R) {
    let undisturbed = Trial::new(None);
    let expected = undisturbed.result(&mut job);
    assert!(
        undisturbed.shelf.has_saved(),
        "no job has saved anything in this trial; a trial sees the jobs that begin on its thread: let the \
         closure call one, and not on a thread of its own"
    );
    for crash in undisturbed.shelf.places() {
        let result = Trial::new(Some(crash)).result(&mut job);
        assert!(
            result == expected,
            "crashed {crash}: the result is {result:?}, and without a crash it is {expected:?}"
        );
    }
}
