//! What the protocol asks of the memory between the job and its guard.

use std::ops::Range;
use std::sync::atomic::Ordering;

/// Words, each of them atomic, and bytes, which belong to one side at a time.
pub(super) trait Memory {
    /// The word of that number.
    fn load(&self, word: usize, order: Ordering) -> u64;

    fn store(&self, word: usize, value: u64, order: Ordering);

    /// Stores `new` if the word is `current`; else tells what it is.
    fn exchange(&self, word: usize, current: u64, new: u64) -> Result<u64, u64>;

    /// Has what is stored before be seen by whoever's stores are not seen after.
    fn fence(&self);

    /// Writes bytes that nobody else reads or writes meanwhile.
    fn write<R>(&self, bytes: Range<usize>, write: impl FnOnce(&mut [u8]) -> R) -> R;

    /// Reads bytes that nobody writes meanwhile.
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
