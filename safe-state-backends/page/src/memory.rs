//! The trait through which the protocol stores a page.

use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Memory that outlives the process, which may be killed between any two stores. Of the stores since the last
/// [`publish`](Self::publish), any may then be there and any not.
pub(super) trait Memory {
    /// Stores eight bytes at a multiple of eight, all or nothing.
    fn store(&self, at: usize, word: u64);

    fn write(&self, at: usize, bytes: &[u8]);

    /// Makes the stores in `bytes` visible before any later store.
    fn publish(&self, bytes: Range<usize>) -> io::Result<()>;

    /// Returns the eight bytes at a multiple of eight.
    fn load(&self, at: usize) -> u64;

    /// Stores eight bytes at a multiple of eight if `before` is there, and makes them visible before any later store. Returns
    /// whether it was. Several threads may call this at once.
    fn exchange(&self, at: usize, before: u64, word: u64) -> io::Result<bool>;
}

impl<M: Memory> Memory for Arc<M> {
    #[inline]
    fn store(&self, at: usize, word: u64) {
        M::store(self, at, word);
    }

    fn write(&self, at: usize, bytes: &[u8]) {
        M::write(self, at, bytes);
    }

    #[inline]
    fn publish(&self, bytes: Range<usize>) -> io::Result<()> {
        M::publish(self, bytes)
    }

    #[inline]
    fn load(&self, at: usize) -> u64 {
        M::load(self, at)
    }

    #[inline]
    fn exchange(&self, at: usize, before: u64, word: u64) -> io::Result<bool> {
        M::exchange(self, at, before, word)
    }
}
