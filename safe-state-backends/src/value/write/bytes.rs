//! The bytes of a value that is being written, next to those of the previous value. As long as both are equal, nothing is
//! copied.

use std::ops::Range;

/// Bytes that are written one after another.
#[derive(Debug, Default)]
pub(in super::super) struct Bytes<'a> {
    /// The written bytes, once they differ from the previous value's; empty until then.
    own: Vec<u8>,
    /// The bytes of the previous value; empty once a byte differed.
    before: &'a [u8],
    /// The number of bytes that are equal so far.
    same: usize,
    /// The buffer that the bytes are written into instead, if one was given.
    room: Option<&'a mut [u8]>,
    /// The number of bytes that were written into the buffer, or would have been with more room.
    needed: usize,
}

impl<'a> Bytes<'a> {
    /// Creates a writer that appends to existing bytes.
    pub(in super::super) fn behind(own: Vec<u8>) -> Self {
        Bytes { own, ..Bytes::default() }
    }

    /// Creates a writer that compares with the bytes of the previous value.
    pub(in super::super) fn beside(before: &'a [u8]) -> Self {
        Bytes { before, ..Bytes::default() }
    }

    /// Creates a writer into a buffer.
    pub(in super::super) fn within(room: &'a mut [u8]) -> Self {
        Bytes { room: Some(room), ..Bytes::default() }
    }

    /// Returns the number of bytes that the buffer would need.
    pub(in super::super) fn needed(&self) -> usize {
        self.needed
    }

    fn put(&mut self, bytes: &[u8]) {
        let end = self.needed.saturating_add(bytes.len());
        if let Some(part) = self.room.as_mut().and_then(|room| room.get_mut(self.needed..end)) {
            part.copy_from_slice(bytes);
        }
        self.needed = end;
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(room) = &mut self.room {
            if let Some(to) = room.get_mut(self.needed) {
                *to = byte;
            }
            self.needed = self.needed.saturating_add(1);
            return;
        }
        if !self.before.is_empty() {
            if self.before.get(self.same) == Some(&byte) {
                self.same += 1;
                return;
            }
            self.part();
        }
        self.own.push(byte);
    }

    #[inline]
    pub(super) fn extend_from_slice(&mut self, bytes: &[u8]) {
        if !self.before.is_empty() {
            let end = self.same.saturating_add(bytes.len());
            if self.before.get(self.same..end) == Some(bytes) {
                self.same = end;
                return;
            }
            self.part();
        }
        if self.room.is_some() {
            return self.put(bytes);
        }
        self.own.extend_from_slice(bytes);
    }

    pub(super) fn len(&self) -> usize {
        match &self.room {
            Some(_) => self.needed,
            None if self.before.is_empty() => self.own.len(),
            None => self.same,
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if self.room.is_some() {
            self.needed = self.needed.min(len);
        } else if self.before.is_empty() {
            self.own.truncate(len);
        } else {
            self.same = self.same.min(len);
        }
    }

    /// Replaces the bytes in `range` by others.
    pub(super) fn replace(&mut self, range: Range<usize>, others: &[u8]) {
        let Some(room) = &mut self.room else {
            self.own().splice(range, others.iter().copied());
            return;
        };
        let moved = range.start + others.len();
        let len = (self.needed + others.len()).saturating_sub(range.len());
        if self.needed.max(len) <= room.len() {
            room.copy_within(range.end..self.needed, moved);
            room.iter_mut().skip(range.start).zip(others).for_each(|(to, byte)| *to = *byte);
            self.needed = len;
        } else {
            // The bytes behind the range did not fit into the buffer, so the result is incomplete.
            self.needed = len.max(room.len() + 1);
        }
    }

    /// Returns the written bytes as a buffer of their own, which can be changed.
    fn own(&mut self) -> &mut Vec<u8> {
        if !self.before.is_empty() {
            self.part();
        }
        &mut self.own
    }

    /// Copies the equal bytes, because from here on they differ. The value will probably be about as long as the previous one.
    #[cold]
    fn part(&mut self) {
        self.own.reserve_exact(self.before.len());
        self.own.extend_from_slice(self.before.get(..self.same).unwrap_or_default());
        self.before = &[];
    }

    /// Returns the bytes; `None` if they are equal to the previous value's.
    pub(in super::super) fn finish(mut self) -> Option<Vec<u8>> {
        if !self.before.is_empty() && self.same == self.before.len() {
            return None;
        }
        self.own();
        Some(self.own)
    }
}
