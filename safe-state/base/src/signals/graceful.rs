//! The signals that ask a process to end.

#[cfg_attr(not(unix), path = "graceful/elsewhere.rs")]
mod asked;
mod chosen;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::{SigId, flag, low_level};

use asked::Listener;
pub use chosen::{EndSignals, SECOND_SIGNAL_AFTER};

/// A listener for signals that ask the process to end. A second signal that comes long enough after the first ends the process,
/// unless one of the two only warns.
#[derive(Debug)]
pub struct Signals {
    came: Arc<AtomicBool>,
    registered: Vec<SigId>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "it is to be dropped with the rest"))]
    listener: Listener,
}

impl Signals {
    /// Listens to `signals` from now on. A signal that comes `second_signal_after` after the first, or later, ends the process.
    pub fn listen(signals: EndSignals, second_signal_after: Duration) -> Self {
        let came = Arc::new(AtomicBool::new(false));
        // The listener begins before the flags are registered, as it has to exist when the first signal comes.
        let listener = Listener::begin(&came, signals, second_signal_after);
        // All these signals can be caught, and registering fails for no other reason.
        let numbers = signals.numbers().into_iter();
        let registered =
            numbers.filter_map(|signal| flag::register(signal, Arc::clone(&came)).ok());
        Signals { registered: registered.collect(), came, listener }
    }

    /// Makes another thread call `done` as soon as the process is asked to end.
    #[cfg(unix)]
    pub fn then(&self, done: Arc<dyn Fn() + Send + Sync>) {
        self.listener.then(done);
    }

    /// Returns whether the process was asked to end.
    pub fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
    }
}

/// Ends the process by the signal, if it was asked to end before and still runs. The caller has waited long enough for that.
#[cfg(unix)]
pub fn end_if_asked(signal: i32) {
    asked::end_if_asked(signal);
}
