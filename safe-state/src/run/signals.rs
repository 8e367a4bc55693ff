//! The signals that ask a process to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

/// Notes SIGINT and SIGTERM while it lives. A second one ends the process as the first would have.
#[derive(Debug)]
pub(crate) struct Signals {
    came: Arc<AtomicBool>,
    registered: Vec<SigId>,
}

impl Signals {
    pub(crate) fn listen() -> Self {
        let came = Arc::new(AtomicBool::new(false));
        let mut registered = Vec::new();
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds that none came before it.
            let again = flag::register_conditional_default(signal, Arc::clone(&came));
            let first = flag::register(signal, Arc::clone(&came));
            // Both can be caught, and nothing else is refused.
            registered.extend(again.into_iter().chain(first));
        }
        Signals { came, registered }
    }

    /// What they set.
    #[cfg(feature = "limits")]
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.came)
    }

    pub(crate) fn came(&self) -> bool {
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
