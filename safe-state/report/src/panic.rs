//! The details of a panic that only a hook learns: its place and its stack.

use std::cell::{Cell, RefCell};
use std::panic::{Location, PanicHookInfo};
use std::sync::Once;

use safe_state_backends::details::{Place, Span};

use super::active_spans;
use super::stack::Addresses;

thread_local! {
    /// The last panic of this thread.
    static LAST: RefCell<Option<Panicked>> = const { RefCell::new(None) };
    /// Whether a value is being shown: a panic in its `Debug` is no failure then.
    static SHOWING: Cell<bool> = const { Cell::new(false) };
}

/// A panic, as the hook saw it.
#[derive(Debug)]
pub(crate) struct Panicked {
    pub(crate) place: Option<Place>,
    pub(crate) stack: Addresses,
    pub(crate) spans: Vec<Span>,
}

/// Makes reports tell where a panic was, and the calls that led there. The hook that was set before is still called: it
/// prints the panic, or does what the program wants. Calling this again does nothing.
///
/// ```
/// safe_state::report::install_panic_hook();
/// let caught = std::panic::catch_unwind(|| panic!("no such order"));
/// let report = safe_state::report::capture_panic(&*caught.unwrap_err());
/// assert_eq!(report.failure().message(), "no such order");
/// assert!(report.failure().location().is_some());
/// ```
pub fn install_panic_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if SHOWING.try_with(Cell::get) == Ok(true) {
                return;
            }
            note(info);
            previous(info);
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    let place = info.location().map(|location: &Location<'_>| Place {
        file: location.file().to_owned(),
        line: location.line(),
        column: location.column(),
    });
    put_back(Panicked { place, stack: Addresses::here(), spans: active_spans() });
}

/// Makes this the thread's last panic.
pub(crate) fn put_back(panicked: Panicked) {
    // A thread that ends has no thread-locals left, and a hook must not panic.
    let _ = LAST.try_with(|last| last.try_borrow_mut().map(|mut last| *last = Some(panicked)));
}

/// Takes this thread's last panic, as the hook noted it.
pub(crate) fn take() -> Option<Panicked> {
    LAST.try_with(|last| last.try_borrow_mut().ok().and_then(|mut last| last.take())).ok().flatten()
}

/// Calls code that may panic, and returns none then. An installed hook neither notes nor prints the panic.
pub(super) fn caught<T>(show: impl FnOnce() -> T) -> Option<T> {
    let before = SHOWING.replace(true);
    let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(show));
    SHOWING.set(before);
    shown.ok()
}
