//! A run's progress and store while an item's body runs, in a place where the watchdog can reach them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use safe_state_backends::{CrashCause, Error as BackendError};

/// The longest time that the watchdog waits for a save. The network may be down, and the process has to end all the
/// same.
const PATIENCE: Duration = Duration::from_secs(5);

/// A run's progress and the way to its store, which the run lends to the watchdog while the body of an item runs. A
/// body can't be interrupted, but needs none of this.
pub trait Parked: fmt::Debug + Send + 'static {
    /// Saves the progress, and whether the item in flight is to blame if the process ends now. The run may go on
    /// afterwards as if nothing had happened. Returns whether there was anything to save.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    fn save(&mut self, blame: Blame) -> Result<bool, BackendError>;

    /// Takes in that `completed` items have completed since this was lent, and the next one is in flight.
    fn settle(&mut self, completed: u64);

    /// Returns the index of the item in flight.
    fn item_in_flight(&self) -> Option<u64>;
}

/// The blame if the process ends in the item in flight.
#[derive(Clone, Copy, Debug)]
pub enum Blame {
    /// The item is to blame, for this cause.
    Item(CrashCause),
    /// Nobody is to blame: the process is ended from outside, or because the run took too long.
    Nobody,
    /// The blame stays as it was saved before, which may be on the item.
    AsBefore,
}

/// The place where the lent value is.
#[derive(Debug, Default)]
pub(crate) enum LentTo<P> {
    /// The run has it.
    #[default]
    Run,
    Here(Box<P>),
    /// A save has it that takes longer than [`PATIENCE`].
    Saving(Receiver<Box<P>>),
}

/// Saves, and logs the outcome.
fn save(parked: &mut impl Parked, blame: Blame, job: &str) {
    match parked.save(blame) {
        Ok(false) => {}
        Ok(true) => tracing::info!(target: "safe_state", job, "saved beside an item"),
        Err(error) => tracing::error!(target: "safe_state", job, %error, "not saved"),
    }
}

impl<P: Parked> LentTo<P> {
    /// Saves if the value is here, and waits at most [`PATIENCE`] for that.
    pub(crate) fn save(&mut self, blame: Blame, job: &str) {
        if !matches!(self, LentTo::Here(_)) {
            return;
        }
        let (give, given) = channel::<Box<P>>();
        let (done, saved) = channel();
        let name = job.to_owned();
        let saving = move || {
            for mut parked in given {
                // Whatever a user's backend does, the run gets back the value that it has lent.
                let saved = catch_unwind(AssertUnwindSafe(|| save(&mut *parked, blame, &name)));
                if saved.is_err() {
                    tracing::error!(target: "safe_state", job = name, "not saved: the backend panicked");
                }
                // The receiver may be gone.
                let _ = done.send(parked);
            }
        };
        let started = thread::Builder::new().name("safe-state-save".to_owned()).spawn(saving);
        if let Err(error) = started {
            tracing::error!(target: "safe_state", job, %error, "not saved");
            return;
        }
        let LentTo::Here(parked) = std::mem::take(self) else { return };
        // Sending can't fail, as the thread lives until `give` is dropped.
        let _ = give.send(parked);
        drop(give);
        *self = match saved.recv_timeout(PATIENCE) {
            Ok(parked) => LentTo::Here(parked),
            Err(_) => LentTo::Saving(saved),
        };
    }

    /// Takes in that so many items have completed since the value was lent, if it is here.
    pub(crate) fn settle(&mut self, completed: u64) {
        if let LentTo::Here(parked) = self {
            parked.settle(completed);
        }
    }

    /// Returns the index of the item in flight, if the value is here.
    pub(crate) fn item(&self) -> Option<u64> {
        match self {
            LentTo::Here(parked) => parked.item_in_flight(),
            LentTo::Run | LentTo::Saving(_) => None,
        }
    }

    /// Takes the value back for the run, and waits for a save to end.
    pub(crate) fn take(&mut self) -> Option<Box<P>> {
        match std::mem::take(self) {
            LentTo::Run => None,
            LentTo::Here(parked) => Some(parked),
            LentTo::Saving(saved) => saved.recv().ok(),
        }
    }
}
