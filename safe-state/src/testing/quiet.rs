//! Hides the panics that a test causes on purpose.

use std::cell::{Cell, RefCell};
use std::panic::{set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_HIDING: Cell<bool> = const { Cell::new(false) };
    /// The text of the last panic that was hidden.
    static HIDDEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Calls `work`, which catches its panics, and keeps the text of the last one instead of printing it.
pub(super) fn hiding_panics<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if IS_HIDING.get() {
                HIDDEN.set(Some(info.to_string()));
            } else {
                before(info);
            }
        }));
    });
    HIDDEN.set(None);
    let was_hiding = IS_HIDING.replace(true);
    let done = work();
    IS_HIDING.set(was_hiding);
    done
}

/// Prints the last panic that was hidden, because the test did not cause it.
pub(super) fn print_hidden() {
    if let Some(text) = HIDDEN.take() {
        eprintln!("{text}");
    }
}
