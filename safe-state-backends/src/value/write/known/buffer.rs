//! The buffer that a known value is written into, and its schema.

use std::fmt::Display;

use serde::ser;

use super::super::super::schema::{DEPTH_LIMIT, Kind, NodeId, Record, Schema};

/// The error of a value that shows something new, has no room, or is of a kind that this encoding does not write.
#[derive(Debug, thiserror::Error)]
#[error("the value is not written here")]
pub(in super::super) struct NotHere;

impl ser::Error for NotHere {
    fn custom<T: Display>(_: T) -> Self {
        NotHere
    }
}

pub(super) type Written = Result<(), NotHere>;

/// The buffer, the bytes that are written, and how deep the present value is inside of others.
pub(super) struct Known<'a> {
    pub(super) schema: &'a Schema,
    pub(super) room: &'a mut [u8],
    pub(super) len: usize,
    pub(super) depth: u32,
}

/// The most bytes of a number of 64 bits.
const VARINT: usize = 10;

impl<'a> Known<'a> {
    /// Returns the kind of the values at a place, if it is one and a value was written there.
    #[inline]
    pub(super) fn kind(&self, at: NodeId) -> Result<Kind, NotHere> {
        let node = self.schema.node(at).ok_or(NotHere)?;
        if node.tagged_since == 0 && node.seen != 0 { Ok(node.kind) } else { Err(NotHere) }
    }

    pub(super) fn record(&self, at: u32) -> Result<&'a Record, NotHere> {
        let record = self.schema.record(at);
        record.filter(|it| it.loose_since == 0 && it.is_known).ok_or(NotHere)
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) -> Written {
        *self.room.get_mut(self.len).ok_or(NotHere)? = byte;
        self.len += 1;
        Ok(())
    }

    #[inline]
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Written {
        let end = self.len + bytes.len();
        self.room.get_mut(self.len..end).ok_or(NotHere)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    #[inline]
    pub(super) fn varint(&mut self, number: u64) -> Written {
        if number < 0x80 {
            return self.push(number.to_le_bytes()[0]);
        }
        self.long_varint(number)
    }

    fn long_varint(&mut self, mut number: u64) -> Written {
        let room = self.room.get_mut(self.len..).unwrap_or_default();
        let len = (70 - number.leading_zeros()) as usize / 7;
        let Some(room) = room.first_chunk_mut::<VARINT>() else {
            let mut bytes = [0; VARINT];
            put(&mut bytes, &mut number, len);
            return self.extend(bytes.get(..len).unwrap_or_default());
        };
        put(room, &mut number, len);
        self.len += len;
        Ok(())
    }

    #[inline]
    pub(super) fn enter(&mut self) -> Written {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT { Err(NotHere) } else { Ok(()) }
    }
}

#[inline]
fn put(room: &mut [u8; VARINT], number: &mut u64, len: usize) {
    for to in room.iter_mut().take(len) {
        *to = number.to_le_bytes()[0] | 0x80;
        *number >>= 7;
    }
    if let Some(last) = room.get_mut(len - 1) {
        *last &= 0x7f;
    }
}
