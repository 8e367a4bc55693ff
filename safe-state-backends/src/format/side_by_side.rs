//! A change in which items of a loop completed in any order. Beside the parts of every change, it holds all completed items and
//! those in flight.

use serde::{Deserialize, Serialize};

use super::error::damaged;
use super::framed::payload;
use super::{Change, FormatError, SideBySide};
use crate::bounded;
use crate::limits::LOOP_LIMIT;

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
