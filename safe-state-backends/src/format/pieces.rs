//! Byte strings whose large parts stay where they are in memory until they are written.

use std::sync::Arc;

use postcard::ser_flavors::Flavor;

/// The size in bytes from which a value is not copied to be written.
pub(crate) const LARGE: usize = 1 << 20;

/// A byte string in pieces.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    small: Vec<u8>,
    /// The large pieces, each with its position among the small bytes.
    large: Vec<(usize, Arc<Vec<u8>>)>,
}

impl Pieces {
    pub(crate) fn clear(&mut self) {
        self.small.clear();
        self.large.clear();
    }

    pub(crate) fn len(&self) -> usize {
        let large = self.large.iter().map(|(_, bytes)| bytes.len());
        large.fold(self.small.len(), usize::saturating_add)
    }

    /// Returns the bytes that were copied.
    pub(crate) fn small(&self) -> &[u8] {
        &self.small
    }

    /// Returns the bytes that were copied, to add others.
    pub(crate) fn small_mut(&mut self) -> &mut Vec<u8> {
        &mut self.small
    }

    pub(crate) fn has_large(&self) -> bool {
        !self.large.is_empty()
    }

    /// Returns all pieces in order, from the position `start` among the small bytes on.
    pub(crate) fn from(&self, start: usize) -> impl Iterator<Item = &[u8]> {
        let small =
            move |from: usize, to: usize| self.small.get(from.max(start)..to).unwrap_or_default();
        let begins = std::iter::once(0).chain(self.large.iter().map(|(at, _)| *at));
        let parts = begins.zip(&self.large).flat_map(move |(from, (at, bytes))| {
            [small(from, *at), if *at >= start { bytes } else { &[] }]
        });
        let last = self.large.last().map_or(0, |(at, _)| *at);
        parts.chain(std::iter::once(small(last, self.small.len())))
    }

    /// Returns all pieces in one byte string.
    pub(crate) fn joined(&self) -> Vec<u8> {
        let pieces: Vec<&[u8]> = self.from(0).collect();
        pieces.concat()
    }

    /// Adds the Postcard form of a value that contains the byte strings `large`, in this order, without copying them.
    pub(crate) fn push(
        &mut self,
        value: &impl serde::Serialize,
        large: Vec<Arc<Vec<u8>>>,
    ) -> postcard::Result<()> {
        let mut left = large.into_iter();
        let next = left.next();
        let pieces = std::mem::take(self);
        *self = postcard::serialize_with_flavor(value, Apart { pieces, next, left })?;
        Ok(())
    }
}

impl From<Vec<u8>> for Pieces {
    fn from(small: Vec<u8>) -> Self {
        Pieces { small, large: Vec::new() }
    }
}

/// A Postcard output that takes the large byte strings as they are.
struct Apart {
    pieces: Pieces,
    next: Option<Arc<Vec<u8>>>,
    left: std::vec::IntoIter<Arc<Vec<u8>>>,
}

impl Flavor for Apart {
    type Output = Pieces;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.pieces.small.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        // Byte strings are compared by their address: others may have equal contents.
        match self.next.take_if(|next| std::ptr::eq(bytes, next.as_slice())) {
            Some(large) => {
                self.pieces.large.push((self.pieces.small.len(), large));
                self.next = self.left.next();
            }
            None => self.pieces.small.extend_from_slice(bytes),
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Pieces> {
        Ok(self.pieces)
    }
}

/// A byte string that grows by whole pieces.
pub(super) struct Growing(pub(super) Vec<u8>);

impl Flavor for Growing {
    type Output = Vec<u8>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_bytes_of_one_piece() {
        let (one, other) = (Arc::new(vec![1; 300]), Arc::new(vec![2; 5]));
        let bytes = |it: &Arc<Vec<u8>>| serde_bytes::ByteBuf::from(it.to_vec());
        let value =
            ("a", serde_bytes::Bytes::new(&one), 7_u8, serde_bytes::Bytes::new(&other), "b");
        let mut pieces = Pieces::default();
        pieces.small_mut().extend([9, 9]);
        pieces.push(&value, vec![Arc::clone(&one), Arc::clone(&other)]).unwrap();
        let copied = ("a", bytes(&one), 7_u8, bytes(&other), "b");
        let expected = [vec![9, 9], postcard::to_stdvec(&copied).unwrap()].concat();
        assert_eq!((pieces.joined(), pieces.len()), (expected.clone(), expected.len()));
        assert!(pieces.has_large() && pieces.small().len() < 20);
        let from: Vec<&[u8]> = pieces.from(2).collect();
        assert_eq!(from.concat(), expected[2..]);
        // Equal bytes at another address are copied.
        pieces.clear();
        pieces.push(&copied, vec![one]).unwrap();
        assert!(!pieces.has_large());
        assert_eq!(pieces.joined(), expected[2..]);
    }
}
