//! The reason why a record is refused, and the checks of the numbers in it.

use crate::limits::{LOOP_LIMIT, NESTING_LIMIT};

/// The reason why a record is refused.
pub(crate) type Refused = &'static str;

pub(super) fn check_number(loop_id: u16) -> Result<(), Refused> {
    let in_range = usize::from(loop_id) < LOOP_LIMIT;
    in_range.then_some(()).ok_or("a loop's number is out of range")
}

pub(super) fn check_within(within: &[u64]) -> Result<(), Refused> {
    let in_range = within.len() <= NESTING_LIMIT;
    in_range.then_some(()).ok_or("there are more than 16 loops inside one another")
}
