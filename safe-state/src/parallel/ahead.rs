//! Parts of items that run ahead of the loop, which goes on with their values in order.

mod futures;
mod threads;

pub use futures::{AheadAsFutures, typed_ahead};
pub use threads::{AheadOnThreads, Parts, ahead_on_threads};

/// Calls `walk`, the loop that goes on in order with what runs ahead.
pub fn in_order<T>(walk: impl FnOnce() -> T) -> T {
    walk()
}
