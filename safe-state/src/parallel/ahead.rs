//! A part of each item runs ahead of the loop, which goes on with what came of it, in order.

mod futures;
mod threads;

pub use futures::{AheadAsFutures, typed_ahead};
pub use threads::{AheadOnThreads, Parts, ahead_on_threads};
