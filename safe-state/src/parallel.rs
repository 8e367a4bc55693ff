//! Items side by side: the bodies of a loop run on threads, or as futures of the caller's task, up to a given number at
//! once.
//!
//! One side hands out, judges and saves: the caller's thread, or its task. So an iterator need not be `Send`, and
//! nobody else reads the run's state. Bodies take an item, and return how it came out.

mod ahead;
mod asking;
mod captures;
mod course;
mod desk;
mod end;
mod exchange;
mod feed;
mod futures;
mod grace;
mod in_flight;
mod job;
mod line;
mod lookahead;
mod macros;
// Miri can't switch stacks as the model checker does.
#[cfg(all(test, not(miri)))]
mod model;
mod offered;
mod question;
mod queue;
mod sync;
mod task;
mod terms;
mod threads;

pub use ahead::{AheadAsFutures, AheadOnThreads, Parts, ahead_on_threads, in_order, typed_ahead};
pub use asking::{asking, asking_by_key};
pub use captures::Captures;
pub use feed::{Feed, Keeps};
pub use futures::{as_futures, as_futures_of_stream, typed};
pub use job::{JobStream, ParIter};
pub use offered::{Offered, offered, offered_by_key};
pub use terms::{Cores, Most, Terms};
pub use threads::{FromThread, ToThread, on_threads};
