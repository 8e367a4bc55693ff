//! Items that were left in the middle of an inner loop, and that another item now comes before.

use safe_state_backends::LoopProgress;

use super::loops::Loops;
use super::stored::Stored;
use crate::Error;

/// Checks the stored progress of the loop `loop_id`, which is entered within the items `within`.
///
/// An inner loop has stored progress for one item only. If that item is not complete, and the input of the outer loop,
/// which knows items by key, gives another item before it, the inner items are done again. That does no harm, unless
/// carried values contain them already: then the check fails. Returns how many inner items are done again.
pub(super) fn check_entered(
    loops: &Loops,
    loop_id: u16,
    within: &[u64],
    stored: Stored<'_>,
    are_values_carried: bool,
) -> Result<Option<u64>, Error> {
    let Some(inner) = stored.checkpoint().and_then(|stored| stored.loop_progress(loop_id)) else {
        return Ok(None);
    };
    let mut around = inner.within().iter().zip(within).enumerate();
    let is_left = around.any(|(depth, (item, now))| {
        item != now && loops.get(depth).is_some_and(|open| open.has_left(*item))
    });
    if is_left { done_again(inner, stored, are_values_carried) } else { Ok(None) }
}

/// Checks the loops inside the item that the loop at `depth`, which knows items by cursor, has come to. The check is
/// made at once, because later the loop cannot tell which items were complete. Returns for each inner loop how many
/// items are done again.
pub(super) fn check_ousted(
    loops: &Loops,
    depth: usize,
    stored: Stored<'_>,
    are_values_carried: bool,
) -> Result<Vec<u64>, Error> {
    let (Some(checkpoint), Some(open)) = (stored.checkpoint(), loops.get(depth)) else {
        return Ok(Vec::new());
    };
    let is_inner = |inner: &&LoopProgress| match inner.within().split_at_checked(depth) {
        Some((around, [item, ..])) => open.has_ousted(*item) && around == loops.within(depth),
        _ => false,
    };
    let inner = checkpoint.loops().filter(is_inner);
    let again = inner.map(|inner| done_again(inner, stored, are_values_carried));
    again.filter_map(Result::transpose).collect()
}

/// Returns how many items are done again in a loop inside an item that another item now comes before.
fn done_again(
    inner: &LoopProgress,
    stored: Stored<'_>,
    are_values_carried: bool,
) -> Result<Option<u64>, Error> {
    if inner.completed().is_empty() {
        return Ok(None);
    }
    if are_values_carried {
        return Err(Error::InnerLoopInterrupted { job: stored.job() });
    }
    Ok(Some(inner.completed().len()))
}
