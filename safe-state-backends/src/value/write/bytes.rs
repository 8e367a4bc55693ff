//! The bytes of a value that is being written, beside those of the value before: as long as they are the same, none
//! is copied.

use std::ops::Range;

/// Bytes that are written one after another.
#[derive(Debug, Default)]
pub(in super::super) struct Bytes<'a> {
    /// Those that differ from the ones before, from the first on; all, once any does.
    own: Vec<u8>,
    /// The ones before; none once any was another.
    before: &'a [u8],
    /// How many are the same.
    same: usize,
    /// Where they go instead, as far as there is room.
    room: Option<&'a mut [u8]>,
    /// How many go there, or would.
    needed: usize,
}

impl<'a> Bytes<'a> {
    /// Behind those that there are already.
    pub(in super::super) fn behind(own: Vec<u8>) -> Self {
        Bytes { own, ..Bytes::default() }
    }

    /// Beside those of the value before.
    pub(in super::super) fn beside(before: &'a [u8]) -> Self {
        Bytes { before, ..Bytes::default() }
    }

    /// Into that room, as far as they go.
    pub(in super::super) fn within(room: &'a mut [u8]) -> Self {
        Bytes { room: Some(room), ..Bytes::default() }
    }

    /// How many bytes there would be, if there were room.
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
        if !self.before.is_empty() {
            if self.before.get(self.same) == Some(&byte) {
                self.same += 1;
                return;
            }
            self.part();
        }
        if self.room.is_some() {
            return self.put(&[byte]);
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

    /// Puts others in the place of some.
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
            // What is behind them was cut off.
            self.needed = len.max(room.len() + 1);
        }
    }

    /// The bytes, as ones of this value's own.
    fn own(&mut self) -> &mut Vec<u8> {
        if !self.before.is_empty() {
            self.part();
        }
        &mut self.own
    }

    /// From here on they are others: there are about as many.
    #[cold]
    fn part(&mut self) {
        self.own.reserve_exact(self.before.len());
        self.own.extend_from_slice(self.before.get(..self.same).unwrap_or_default());
        self.before = &[];
    }

    /// The bytes; none if they are the ones before.
    pub(in super::super) fn finish(mut self) -> Option<Vec<u8>> {
        if !self.before.is_empty() && self.same == self.before.len() {
            return None;
        }
        self.own();
        Some(self.own)
    }
}
