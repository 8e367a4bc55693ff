//! Signals that something in this process waits for. An installed handler can't be removed, so it does what the signal does by
//! default while nothing waits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::flag;

use super::dying;

/// A claim on signals: while it lives, they do not have their default action.
#[derive(Debug)]
pub struct Heard(Vec<i32>);

/// The number of claims on a signal.
#[derive(Default)]
struct Waiting {
    count: usize,
    is_none: Arc<AtomicBool>,
}

impl Heard {
    /// Claims signals. Call it before a handler for them is registered.
    pub fn begin(signals: &[i32]) -> Heard {
        let mut all = waiting();
        for signal in signals {
            let waiting =
                all.get_or_insert_default().entry(*signal).or_insert_with(|| prepare(*signal));
            waiting.count += 1;
            waiting.is_none.store(false, Ordering::SeqCst);
        }
        Heard(signals.to_vec())
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        let mut all = waiting();
        for signal in &self.0 {
            if let Some(waiting) = all.get_or_insert_default().get_mut(signal) {
                waiting.count -= 1;
                waiting.is_none.store(waiting.count == 0, Ordering::SeqCst);
            }
        }
    }
}

fn waiting() -> MutexGuard<'static, Option<HashMap<i32, Waiting>>> {
    static WAITING: Mutex<Option<HashMap<i32, Waiting>>> = Mutex::new(None);
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn prepare(signal: i32) -> Waiting {
    let waiting = Waiting::default();
    // A signal that the program handles or ignores keeps that treatment.
    if dying::is_by_default(signal) {
        let condition = Arc::clone(&waiting.is_none);
        // All these signals can be caught, and registering fails for no other reason.
        let _ = if dying::is_first() {
            flag::register_conditional_shutdown(signal, dying::code(signal), condition)
        } else {
            flag::register_conditional_default(signal, condition)
        };
    }
    waiting
}
