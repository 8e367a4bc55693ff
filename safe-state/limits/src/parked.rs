//! What is complete, and the way to where it is saved, while an item's body runs: a place that the watchdog can reach.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use safe_state_backends::{CrashCause, Error as BackendError};

/// How long the watchdog waits for a save. A network may be down, and the process is to end all the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a run lends to the watchdog while the body of an item runs: what is complete, and the way to where it is saved. The
/// body of an item can't be interrupted, but needs none of it.
pub trait Parked: fmt::Debug + Send + 'static {
    /// Saves what is complete, and whether the item in flight is to blame if the process ends now. Afterwards the run may
    /// go on as if nothing had happened. Returns whether there was anything to save.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    fn save(&mut self, blame: Blame) -> Result<bool, BackendError>;

    /// The index of the item in flight.
    fn item_in_flight(&self) -> Option<u64>;
}

/// Whose fault it is if the process ends in the item in flight.
#[derive(Clone, Copy, Debug)]
pub enum Blame {
    /// The item's.
    Item(CrashCause),
    /// Not the item's: the process is ended from outside, or because the run took too long.
    Nobody,
    /// Whose it was taken for before: it may be the item's.
    AsBefore,
}

/// Where it is.
#[derive(Debug, Default)]
pub(crate) enum Place<P> {
    /// With the run.
    #[default]
    Run,
    Here(Box<P>),
    /// In a save that takes its time.
    Saving(Receiver<Box<P>>),
}

/// Saves, and tells how that went.
fn save(parked: &mut impl Parked, blame: Blame, job: &str) {
    match parked.save(blame) {
        Ok(false) => {}
        Ok(true) => tracing::info!(target: "safe_state", job, "saved beside an item"),
        Err(error) => tracing::error!(target: "safe_state", job, %error, "not saved"),
    }
}

impl<P: Parked> Place<P> {
    /// Saves, if it is here, and waits for that as long as is sensible.
    pub(crate) fn save(&mut self, blame: Blame, job: &str) {
        if !matches!(self, Place::Here(_)) {
            return;
        }
        let (give, given) = channel::<Box<P>>();
        let (done, saved) = channel();
        let name = job.to_owned();
        let saving = move || {
            for mut parked in given {
                // Whatever a backend of the user's does, the run gets back what it has lent.
                let saved = catch_unwind(AssertUnwindSafe(|| save(&mut *parked, blame, &name)));
                if saved.is_err() {
                    tracing::error!(target: "safe_state", job = name, "not saved: the backend panicked");
                }
                // Nobody may wait any more.
                let _ = done.send(parked);
            }
        };
        let started = thread::Builder::new().name("safe-state-save".to_owned()).spawn(saving);
        if let Err(error) = started {
            tracing::error!(target: "safe_state", job, %error, "not saved");
            return;
        }
        let Place::Here(parked) = std::mem::take(self) else { return };
        // It lives until `give` is dropped.
        let _ = give.send(parked);
        drop(give);
        *self = match saved.recv_timeout(PATIENCE) {
            Ok(parked) => Place::Here(parked),
            Err(_) => Place::Saving(saved),
        };
    }

    /// The item in flight, if it is here.
    pub(crate) fn item(&self) -> Option<u64> {
        match self {
            Place::Here(parked) => parked.item_in_flight(),
            Place::Run | Place::Saving(_) => None,
        }
    }

    /// What was put here, to go on with; it waits for a save to end.
    pub(crate) fn take(&mut self) -> Option<Box<P>> {
        match std::mem::take(self) {
            Place::Run => None,
            Place::Here(parked) => Some(parked),
            Place::Saving(saved) => saved.recv().ok(),
        }
    }
}
