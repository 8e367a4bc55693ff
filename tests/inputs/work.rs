//! Work that a test interrupts after a number of items, in its own thread.

use std::cell::Cell;

thread_local! {
    /// The number of items that a run may still do, and the number of items that are done.
    pub(crate) static LEFT: Cell<usize> = const { Cell::new(0) };
    pub(crate) static DONE: Cell<usize> = const { Cell::new(0) };
}

pub(crate) fn work() -> anyhow::Result<()> {
    let left = LEFT.get().checked_sub(1);
    LEFT.set(left.ok_or_else(|| anyhow::anyhow!("interrupted"))?);
    DONE.set(DONE.get() + 1);
    Ok(())
}
