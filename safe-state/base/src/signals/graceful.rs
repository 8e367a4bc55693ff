//! The signals that ask a process to end.

#[cfg_attr(not(unix), path = "graceful/elsewhere.rs")]
mod asked;
mod chosen;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::{SigId, flag, low_level};

use asked::Listener;
pub use chosen::EndSignals;

/// Batch systems, supervisors and `timeout` send a signal to a process and to its group, or twice, within
/// milliseconds. Who presses Ctrl-C again takes longer, and may take a while to.
pub const SECOND_SIGNAL_AFTER: Duration = Duration::from_secs(2);

/// Notes signals that ask the process to end, while it lives. A second one that comes long enough after the first ends
/// the process, unless one of the two only warns.
#[derive(Debug)]
pub struct Signals {
    came: Arc<AtomicBool>,
    registered: Vec<SigId>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "it is to be dropped with the rest"))]
    listener: Listener,
}

impl Signals {
    /// Listens from now on to those; a signal that comes so long after the first ends the process.
    pub fn listen(signals: EndSignals, second_signal_after: Duration) -> Self {
        let came = Arc::new(AtomicBool::new(false));
        // Before the flags: what follows a first signal has been there before that.
        let listener = Listener::begin(&came, signals, second_signal_after);
        // They can be caught, and nothing else is refused.
        let numbers = signals.numbers().into_iter();
        let registered =
            numbers.filter_map(|signal| flag::register(signal, Arc::clone(&came)).ok());
        Signals { registered: registered.collect(), came, listener }
    }

    /// Has that done as soon as the process is asked to end, by another thread.
    #[cfg(unix)]
    pub fn then(&self, done: Arc<dyn Fn() + Send + Sync>) {
        self.listener.then(done);
    }

    /// Whether the process was asked to end.
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

/// Ends the process by a signal of its own, if it has been asked to end before and goes on: it was told by who
/// has waited for that.
#[cfg(unix)]
pub fn end_if_asked(signal: i32) {
    asked::end_if_asked(signal);
}
