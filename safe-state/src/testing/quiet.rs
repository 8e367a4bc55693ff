//! Panics that a test has staged are not printed.

use std::cell::{Cell, RefCell};
use std::panic::{set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_HIDING: Cell<bool> = const { Cell::new(false) };
    /// What the last one that was hidden would have printed.
    static HIDDEN: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does `work`, which catches its panics; what they would print is kept.
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

/// Prints the last panic that was hidden, which was none that was staged.
pub(super) fn print_hidden() {
    if let Some(text) = HIDDEN.take() {
        eprintln!("{text}");
    }
}
