//! The point at which a test ends the runs of its thread.

use std::cell::RefCell;
use std::panic::resume_unwind;

thread_local! {
    static STAGED: RefCell<Option<Staged>> = const { RefCell::new(None) };
}

/// The point at which a run is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Staged {
    /// After this many more items are complete.
    After(u64),
    /// Before the step with this name.
    AtStep(String),
    /// In the body of the item at this index.
    InItem(u64),
}

/// The payload that unwinds when a test ends a run in an item. It does not call the panic hook, so nothing is printed.
pub(crate) struct Ended;

/// Does `work`, and ends the runs in it at the point `staged`. Restores the previous point afterwards.
pub(crate) fn with<T>(staged: Staged, work: impl FnOnce() -> T) -> T {
    /// Restores the point when it is dropped, also if `work` panics.
    struct Reset(Option<Staged>);
    impl Drop for Reset {
        fn drop(&mut self) {
            STAGED.set(self.0.take());
        }
    }
    let _reset = Reset(STAGED.replace(Some(staged)));
    work()
}

/// Returns whether this module has to be told of each item.
pub(crate) fn watches_items() -> bool {
    STAGED.with_borrow(|it| matches!(it, Some(Staged::After(_) | Staged::InItem(_))))
}

/// Counts an item that is complete. Returns whether the run is to stop.
pub(crate) fn completed() -> bool {
    STAGED.with_borrow_mut(|it| match it {
        Some(Staged::After(left)) => {
            *left = left.saturating_sub(1);
            *left == 0
        }
        _ => false,
    })
}

/// Ends the run if the item at `index`, which is in flight now, is where it is to end.
///
/// # Panics
///
/// If the run is to end in this item.
pub(crate) fn handed_out(index: u64) {
    let is_here = STAGED.with_borrow_mut(|it| it.take_if(|it| *it == Staged::InItem(index)));
    // The point is removed first, as the unwinding reports the item once more.
    if is_here.is_some() {
        resume_unwind(Box::new(Ended));
    }
}

/// Returns whether the run is to stop before `step`.
pub(crate) fn is_at_step(step: &str) -> bool {
    STAGED.with_borrow(|it| matches!(it, Some(Staged::AtStep(at)) if at == step))
}
