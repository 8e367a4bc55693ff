//! A change in which items of a loop completed in any order. Beside the parts of every change, it holds all completed items and
//! those in flight.

use serde::{Deserialize, Serialize};

use super::record::payload;
use super::{Change, FormatError, damaged};
use crate::limits::{IN_FLIGHT_LIMIT, LOOP_LIMIT};
use crate::{Completed, bounded};

/// The progress of a loop whose items run side by side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SideBySide {
    /// All items that are complete. They are added to the stored ones.
    pub completed: Completed,
    /// The items that were handed out and are not complete, by their index or the hash of their key, in the order in which they
    /// were handed out; at most 1024.
    #[serde(deserialize_with = "bounded::list::<IN_FLIGHT_LIMIT, _, _>")]
    pub in_flight: Vec<u64>,
}

/// The change as it is written, with the side-by-side progress of its loops.
#[derive(Serialize)]
pub(super) struct Written<'a>(&'a Change, Vec<(u16, &'a SideBySide)>);

#[derive(Deserialize)]
struct Read(
    Change,
    #[serde(deserialize_with = "bounded::list::<LOOP_LIMIT, _, _>")] Vec<(u16, SideBySide)>,
);

pub(super) fn written(change: &Change) -> Written<'_> {
    let of_loop =
        change.loops.iter().filter_map(|it| Some((it.loop_id, &**it.side_by_side.as_ref()?)));
    Written(change, of_loop.collect())
}

pub(super) fn read(bytes: &[u8], offset: usize) -> Result<Change, FormatError> {
    let Read(mut change, beside) = payload(bytes, offset)?;
    for (loop_id, it) in beside {
        let of_loop = change.loops.iter_mut().find(|change| change.loop_id == loop_id);
        let Some(of_loop) = of_loop.filter(|it| it.side_by_side.is_none()) else {
            return Err(damaged(offset, "items side by side of a loop that did not come further"));
        };
        of_loop.side_by_side = Some(Box::new(it));
    }
    Ok(change)
}
