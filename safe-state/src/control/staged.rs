//! Where a test ends the runs of its thread.

use std::cell::RefCell;
use std::panic::resume_unwind;

thread_local! {
    static STAGED: RefCell<Option<Staged>> = const { RefCell::new(None) };
}

/// Where a run is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Staged {
    /// When so many more items are complete.
    After(u64),
    /// Before that step.
    AtStep(String),
    /// In the item of that index.
    InItem(u64),
}

/// What ends a run in an item. It is no panic that a hook would print.
pub(crate) struct Ended;

/// Does `work`, with its runs ended there; and returns what is left of that.
pub(crate) fn with<T>(staged: Staged, work: impl FnOnce() -> T) -> T {
    /// Also where `work` panics.
    struct Reset(Option<Staged>);
    impl Drop for Reset {
        fn drop(&mut self) {
            STAGED.set(self.0.take());
        }
    }
    let _reset = Reset(STAGED.replace(Some(staged)));
    work()
}

/// Returns whether each item is to be told of.
pub(crate) fn watches_items() -> bool {
    STAGED.with_borrow(|it| matches!(it, Some(Staged::After(_) | Staged::InItem(_))))
}

/// Takes in that an item is complete. Returns whether the run is to stop.
pub(crate) fn completed() -> bool {
    STAGED.with_borrow_mut(|it| match it {
        Some(Staged::After(left)) => {
            *left = left.saturating_sub(1);
            *left == 0
        }
        _ => false,
    })
}

/// Takes in that the item of that index is in flight.
///
/// # Panics
///
/// If the run is to end in it.
pub(crate) fn handed_out(index: u64) {
    let is_here = STAGED.with_borrow_mut(|it| it.take_if(|it| *it == Staged::InItem(index)));
    // Once: what unwinds settles the item as well.
    if is_here.is_some() {
        resume_unwind(Box::new(Ended));
    }
}

/// Returns whether the run is to stop before that step.
pub(crate) fn is_at_step(step: &str) -> bool {
    STAGED.with_borrow(|it| matches!(it, Some(Staged::AtStep(at)) if at == step))
}
