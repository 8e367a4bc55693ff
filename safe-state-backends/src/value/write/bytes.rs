//! The bytes of a value that is being written, beside those of the value before: as long as they are the same, none
//! is copied.

/// Bytes that are written one after another.
#[derive(Debug, Default)]
pub(in super::super) struct Bytes<'a> {
    /// Those that differ from the ones before, from the first on; all, once any does.
    own: Vec<u8>,
    /// The ones before; none once any was another.
    before: &'a [u8],
    /// How many are the same.
    same: usize,
}

impl<'a> Bytes<'a> {
    /// Behind those that there are already.
    pub(in super::super) fn behind(own: Vec<u8>) -> Self {
        Bytes { own, before: &[], same: 0 }
    }

    /// Beside those of the value before.
    pub(in super::super) fn beside(before: &'a [u8]) -> Self {
        Bytes { own: Vec::new(), before, same: 0 }
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
        self.own.extend_from_slice(bytes);
    }

    pub(super) fn len(&self) -> usize {
        if self.before.is_empty() { self.own.len() } else { self.same }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if self.before.is_empty() {
            self.own.truncate(len);
        } else {
            self.same = self.same.min(len);
        }
    }

    /// The bytes, as ones of this value's own.
    pub(super) fn own(&mut self) -> &mut Vec<u8> {
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
