//! The file format, described byte by byte in `docs/format.md`.
//!
//! A checkpoint is a header and a log of framed records. The first record is a whole snapshot, each later one holds what
//! changed since. A save appends records; a load replays them.

mod behind;
pub(crate) mod effects;
mod error;
mod examine;
pub(crate) mod frame;
mod framed;
mod kind;
mod log;
pub(crate) mod output;
pub(crate) mod pieces;
pub(crate) mod presses;
mod record;
mod report;
pub(crate) mod request;
#[cfg_attr(
    not(feature = "encrypt"),
    allow(dead_code, reason = "without the feature they are told from others alone")
)]
pub(crate) mod sealed;
mod side_by_side;
mod tail;
#[cfg(test)]
mod torn;

pub use crate::checkpoint::arguments::Arguments;
pub use crate::checkpoint::change::{Advance, Change, LoopChange, Record, SideBySide};
pub use error::{FormatError, VERSION};
pub use examine::{Examination, Examined, RecordKind, examine};
pub(crate) use framed::Framed;
pub(crate) use log::{decode, encode, ends_within, snapshot_in_pieces};
pub use report::Report;
#[cfg(target_os = "linux")]
pub(crate) use tail::Behind;
pub(crate) use tail::Tail;
pub use tail::tail_room;
