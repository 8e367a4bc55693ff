//! What a run lends while the body of an item runs: what is complete, and the way to where it is saved.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use safe_state_backends::{CrashCause, Error as BackendError};

/// How long the watchdog waits for a save. A network may be down, and the process is to end all the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// The part of a run that saves. The body of an item can't be interrupted, but needs none of it.
pub(crate) trait Parked: Debug + Send + 'static {
    /// Saves what is complete, and whether the item in flight is to blame. Returns whether there was anything to
    /// save. After that the run may go on as if nothing had happened.
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
pub(crate) enum Blame {
    /// The item's.
    Item(CrashCause),
    /// Not the item's: the process is ended from outside, or because the run took too long.
    Nobody,
    /// Whose it was taken for before: it may be the item's.
    AsBefore,
}

/// Where the part of the run is that saves.
#[derive(Debug, Default)]
pub(crate) enum Place<P> {
    /// With the run.
    #[default]
    Run,
    Here(Box<P>),
    /// In a save that takes its time.
    Saving(Receiver<Box<P>>),
}

/// Saves, and reports what came of it.
fn save(parked: &mut impl Parked, blame: Blame, job: &str) {
    match parked.save(blame) {
        Ok(true) => tracing::info!(target: "safe_state", job, "saved beside an item"),
        Ok(false) => {}
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

    /// The index of the item in flight, if the part that saves is here.
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
