//! The notes that were taken where an item failed. Whoever judges the failure takes them, and puts them back if the
//! failure leaves the function after all.

use crate::failure::outcome::Failed;
use crate::failure::reported::ErrorDetails;
use crate::failure::stopping::Stopping;
use crate::failure::try_trace::TryTrace;

/// The notes of a thread, held while the thread may take others.
#[derive(Debug)]
pub(crate) struct Notes {
    noted: Option<TryTrace>,
    told: ErrorDetails,
    stopping: Option<Stopping>,
}

impl Notes {
    /// Takes the notes of this thread.
    pub(crate) fn take() -> Self {
        Notes {
            noted: TryTrace::take(),
            told: ErrorDetails::of_panic(),
            stopping: Stopping::take(),
        }
    }

    /// Gives the notes to this thread, which need not be the one that they were taken from.
    pub(crate) fn put_back(self) {
        let Notes { noted, told, stopping } = self;
        if let Some(noted) = noted {
            noted.put_back();
        }
        told.put_back();
        if let Some(stopping) = stopping {
            stopping.put_back();
        }
    }
}

impl From<Failed> for Notes {
    fn from(Failed { noted, told, .. }: Failed) -> Self {
        Notes { noted, told, stopping: Stopping::take() }
    }
}
