//! The reaction to signals on systems that have only Ctrl-C: a second one ends the process, whenever it comes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use signal_hook::{SigId, flag, low_level};

use super::EndSignals;

#[derive(Debug)]
pub(super) struct Listener(Vec<SigId>);

impl Listener {
    pub(super) fn begin(came: &Arc<AtomicBool>, signals: EndSignals, _: Duration) -> Listener {
        // The first signal finds `came` unset, as this is registered before the flag that sets it.
        let again = signals
            .numbers()
            .into_iter()
            .filter_map(|signal| flag::register_conditional_default(signal, Arc::clone(came)).ok());
        Listener(again.collect())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        for id in self.0.drain(..) {
            low_level::unregister(id);
        }
    }
}
