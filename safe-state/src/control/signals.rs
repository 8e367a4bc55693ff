//! Plugs signals into a run: a signal that asks the process to end lets the run finish its item.

#[cfg(all(unix, feature = "limits"))]
use std::sync::Arc;
use std::time::Duration;

use safe_state_base::signals::{self, EndSignals, SECOND_SIGNAL_AFTER};

/// A job's options for signals.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Graceful {
    /// The signals that end a run gracefully.
    pub(crate) signals: EndSignals,
    pub(crate) second_signal_after: Option<Duration>,
}

/// The signals that a run listens to; none if it listens to no signal.
#[derive(Debug, Default)]
pub(crate) struct Signals(Option<signals::Signals>);

impl Signals {
    pub(crate) fn listen(graceful: Graceful) -> Self {
        let second_after = graceful.second_signal_after.unwrap_or(SECOND_SIGNAL_AFTER);
        let listens = !graceful.signals.is_empty();
        Signals(listens.then(|| signals::Signals::listen(graceful.signals, second_after)))
    }

    /// Returns whether the run listens to any signals.
    pub(crate) fn are_listened_to(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether a signal has asked the process to end.
    pub(crate) fn came(&self) -> bool {
        self.0.as_ref().is_some_and(signals::Signals::came)
    }

    /// Returns whether a function can be called as soon as a signal comes.
    #[cfg(feature = "limits")]
    pub(crate) fn are_heard(&self) -> bool {
        cfg!(unix) && self.0.is_some()
    }

    /// Has `done` called as soon as a signal asks the process to end. Does nothing if no signals are listened to.
    #[cfg(all(unix, feature = "limits"))]
    pub(crate) fn then(&self, done: Arc<dyn Fn() + Send + Sync>) {
        if let Some(signals) = &self.0 {
            signals.then(done);
        }
    }
}

/// Sets the job's option `graceful`.
#[doc(hidden)]
#[macro_export]
macro_rules! __graceful {
    ($job:expr, $graceful:expr) => {
        $job.graceful($graceful)
    };
}
