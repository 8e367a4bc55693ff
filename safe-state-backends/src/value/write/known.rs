//! The encoding of values that show nothing new, into a buffer: the common kinds of values, as fast as can be. It writes what
//! [`State`](super::state::State) would write, or nothing.

mod buffer;
mod compound;
mod place;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::super::schema::{ROOT, Schema};
use buffer::Known;

/// Writes a value at the start of `room`. Returns how many bytes it takes; `None` if it is not written here.
#[inline]
pub(super) fn write<T: Serialize + ?Sized>(
    value: &T,
    schema: &Schema,
    room: &mut [u8],
) -> Option<usize> {
    let mut known = Known { schema, room, len: 0, depth: 0 };
    known.value(ROOT, value).ok().map(|()| known.len)
}
