//! Stage 2, an attempt: calls the body of an item, keeps the item for another attempt, and undoes what a failed attempt
//! changed.

mod body;
mod call;
mod kept;
mod kind;
mod undo;

pub use body::{Fallible, Flow, attempt, attempt_async, leave, raise};
pub(crate) use call::call;
pub use call::{Outcome, call_async, call_in};
pub(crate) use kept::TriedAgain;
pub use kept::{Kept, TriedOnce};
pub use kind::{Fallibly, OfFallible, OfSure, Returning, Surely};
pub use undo::{ByClone, ByLength, ByLog, Marked, UndoneByClone, UndoneByLength, UndoneByLog};
