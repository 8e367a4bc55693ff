//! Plugs signals into a run: those that ask the process to end let it finish its item.

#[cfg(all(unix, feature = "limits"))]
use std::sync::Arc;
use std::time::Duration;

use safe_state_base::signals::{self, EndSignals, SECOND_SIGNAL_AFTER};

/// What a job does about signals.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Graceful {
    /// Those that ask it to end.
    pub(crate) signals: EndSignals,
    pub(crate) second_signal_after: Option<Duration>,
}

/// The signals that a run listens to, if it does.
#[derive(Debug, Default)]
pub(crate) struct Signals(Option<signals::Signals>);

impl Signals {
    pub(crate) fn listen(graceful: Graceful) -> Self {
        let second_after = graceful.second_signal_after.unwrap_or(SECOND_SIGNAL_AFTER);
        let listens = !graceful.signals.is_empty();
        Signals(listens.then(|| signals::Signals::listen(graceful.signals, second_after)))
    }

    /// Returns whether there are signals that ask the run to end.
    pub(crate) fn are_listened_to(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether a signal has asked the process to end.
    pub(crate) fn came(&self) -> bool {
        self.0.as_ref().is_some_and(signals::Signals::came)
    }

    /// Returns whether something can be done as soon as a signal comes.
    #[cfg(feature = "limits")]
    pub(crate) fn are_heard(&self) -> bool {
        cfg!(unix) && self.0.is_some()
    }

    /// Has that done as soon as signals ask the process to end, if they are heard.
    #[cfg(all(unix, feature = "limits"))]
    pub(crate) fn then(&self, done: Arc<dyn Fn() + Send + Sync>) {
        if let Some(signals) = &self.0 {
            signals.then(done);
        }
    }
}

/// A job that is graceful.
#[doc(hidden)]
#[macro_export]
macro_rules! __graceful {
    ($job:expr, $graceful:expr) => {
        $job.graceful($graceful)
    };
}
