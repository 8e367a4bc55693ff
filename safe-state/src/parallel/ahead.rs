//! Parts of items that run ahead of the loop, which goes on with their values in order.

mod futures;
mod threads;

pub use futures::{AheadAsFutures, typed_ahead};
pub use threads::{AheadOnThreads, Parts, ahead_on_threads};
