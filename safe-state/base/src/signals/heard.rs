//! Signals that something in this process waits for. A handler that was put in place can't be taken away: so
//! it does what the signal does by default, whenever nothing waits.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::flag;

use super::dying;

/// Takes signals from their default action while it lives.
#[derive(Debug)]
pub struct Heard(Vec<i32>);

/// How many wait for a signal.
#[derive(Default)]
struct Waiting {
    count: usize,
    is_none: Arc<AtomicBool>,
}

impl Heard {
    /// To be called before what handles them is registered.
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
    // What the program handles itself, or ignores, it goes on to.
    if dying::is_by_default(signal) {
        let condition = Arc::clone(&waiting.is_none);
        // All that are waited for can be caught, and nothing else is refused.
        let _ = if dying::is_first() {
            flag::register_conditional_shutdown(signal, dying::code(signal), condition)
        } else {
            flag::register_conditional_default(signal, condition)
        };
    }
    waiting
}
