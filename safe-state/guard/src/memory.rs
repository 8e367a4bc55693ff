//! The operations that the protocol between job and guard needs from their memory.

use std::ops::Range;
use std::sync::atomic::Ordering;

/// A memory of words, each of them atomic, and of bytes, which belong to one side at a time.
pub(super) trait Memory {
    /// Returns the word with this number.
    fn load(&self, word: usize, order: Ordering) -> u64;

    fn store(&self, word: usize, value: u64, order: Ordering);

    /// Stores `new` if the word is `current`, and returns `Ok`; otherwise returns the word as an error.
    fn exchange(&self, word: usize, current: u64, new: u64) -> Result<u64, u64>;

    /// Orders the stores before it against the loads after it: of two sides that store, fence and load, one sees the
    /// other's store.
    fn fence(&self);

    /// Writes bytes that nobody else reads or writes at the same time.
    fn write<R>(&self, bytes: Range<usize>, write: impl FnOnce(&mut [u8]) -> R) -> R;

    /// Reads bytes that nobody writes at the same time.
    fn read<R>(&self, bytes: Range<usize>, read: impl FnOnce(&[u8]) -> R) -> R;
}

impl<M: Memory + ?Sized> Memory for std::sync::Arc<M> {
    fn load(&self, word: usize, order: Ordering) -> u64 {
        (**self).load(word, order)
    }

    fn store(&self, word: usize, value: u64, order: Ordering) {
        (**self).store(word, value, order);
    }

    fn exchange(&self, word: usize, current: u64, new: u64) -> Result<u64, u64> {
        (**self).exchange(word, current, new)
    }

    fn fence(&self) {
        (**self).fence();
    }

    fn write<R>(&self, bytes: Range<usize>, write: impl FnOnce(&mut [u8]) -> R) -> R {
        (**self).write(bytes, write)
    }

    fn read<R>(&self, bytes: Range<usize>, read: impl FnOnce(&[u8]) -> R) -> R {
        (**self).read(bytes, read)
    }
}
