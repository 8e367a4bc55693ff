//! The stored values of carried variables.

mod carry;
mod cells;
mod differing;
mod error;
mod form;
mod lists;
mod names;
mod part;
mod restored;
mod rewritten;
mod stored;
mod stream;
mod value_at;
mod waiting;
mod written;

pub use carry::Carry;
pub(crate) use carry::overwrite;
pub use error::CarriedError;
pub use rewritten::{Rewritten, write_cursor};
#[cfg(target_os = "linux")]
pub(crate) use rewritten::{all_rewritten, cursor_before};
pub use stored::{Carried, CarriedChange};
pub use stream::StoredResults;
pub use value_at::ValueAt;

#[cfg(test)]
mod tests;
