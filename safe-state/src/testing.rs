//! Tests of one's own jobs: is what a job gives after a crash what it gives without one?
//!
//! [`survives`] runs a job once undisturbed, and then again and again: each time it is stopped at
//! another place, as by a crash, and run again until it ends. Whatever the place, the result has to be
//! the one of the undisturbed run.
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
//! Had `sum` been named in `fresh` in place of `carry`, the test would fail:
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
//! While a trial runs, the jobs of its thread have their checkpoints in the trial's memory, whatever
//! their `backend` and `state_dir`. So a test needs no folder of its own, and tests may run side by
//! side. A job that is moved to another thread before it begins is not seen by its trial.

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
    /// Where the jobs of this thread have their checkpoints now, if not where they say.
    static BACKEND: RefCell<Option<Arc<Shelf>>> = const { RefCell::new(None) };
}

/// Where a job of this thread has its checkpoint while a trial runs.
pub(crate) fn backend() -> Option<Arc<dyn Backend>> {
    BACKEND.with_borrow(|shelf| shelf.clone().map(|shelf| shelf as Arc<dyn Backend>))
}

/// Does `work`, in which the jobs of this thread that name no place have their checkpoints in a memory of its own.
///
/// In a `#[test]` that is so without it: a job that names neither a `backend` nor a `state_dir`, with neither
/// `$SAFE_STATE_BACKEND` nor `$SAFE_STATE_DIR` set, has its checkpoint in memory, and each thread has one of its own (those of
/// an executor have one together). So tests neither see each other's runs nor leave files; a test of several threads, or
/// of a process that it starts, names a place. It goes by `cfg(test)` where the job's function is, and with
/// this feature also by the name that Cargo gives the program of a test. Doctests, and harnesses that run several tests on
/// one thread, need this function.
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

    /// A folder for what the job leaves: empty at first, and kept between the crash and the run after
    /// it.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The items of `input`, for a job that takes an iterator: the trials then stop it at each of
    /// them as well, as by a crash in mid-item.
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

    /// Runs the job, and after a crash again.
    fn result<R>(&self, job: &mut impl FnMut(&Trial) -> R) -> R {
        let outcome = self.run(job);
        let outcome = if self.shelf.repair() { self.run(job) } else { outcome };
        outcome.unwrap_or_else(|panic| {
            quiet::print_hidden();
            resume_unwind(panic)
        })
    }
}

/// What ends a job that is stopped at an item. It is no panic that a hook would print.
struct Stopped;

/// Stops `job` at each place where a crash could, runs it again, and compares what it then gives with
/// what it gives undisturbed: at each save, before it lands and after, and at each item of
/// [`Trial::items`]. After each save but the last, that is: a job that is done is run anew.
///
/// The job is called with another [`Trial`] for each place, and twice with the same one for both
/// sides of a crash. What panics because of a crash is not printed. A crash is an error of the job, or a panic where it gives no errors; so a job that
/// gives a `Result` may be unwrapped in `job`. Effects count as results if `job` gives what is left
/// of them: `std::fs::read(trial.dir().join("report"))`.
///
/// # Panics
///
/// If a result is another one, with the place of the crash; if `job` panics without a crash; and if no
/// job of this thread has saved anything, so that there is nothing to be tested.
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
