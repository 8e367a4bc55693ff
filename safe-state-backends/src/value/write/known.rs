//! A fast encoding into a buffer, for common kinds of values that show nothing new. It writes what [`State`](super::state::State)
//! would write, or nothing.

mod buffer;
mod compound;
mod place;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::super::schema::{ROOT, Schema};
use buffer::Known;

/// Writes a value at the start of `room`. Returns how many bytes it takes; `None` if this encoding does not write it.
#[inline]
pub(super) fn write<T: Serialize + ?Sized>(
    value: &T,
    schema: &Schema,
    room: &mut [u8],
) -> Option<usize> {
    let mut known = Known { schema, room, len: 0, depth: 0 };
    known.value(ROOT, value).ok().map(|()| known.len)
}
