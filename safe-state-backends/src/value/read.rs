//! The decoding of values by the schema that they were written with.

mod access;
mod cells;
mod conversion;
mod error;
mod found;
mod look;
mod parts;
mod reader;
mod scalar_value;
mod state;
mod trace;
mod unwritten;
mod variants;

pub use cells::Cells;
pub use conversion::Conversion;
pub use error::ReadError;
pub(super) use look::{Item, Look};
pub(super) use parts::read_list;
pub use parts::{Parts, Section};
pub(super) use reader::read;
pub(super) use scalar_value::ScalarValue;
use state::State;
pub use trace::Trace;
pub use unwritten::Unwritten;
