//! The trait through which the protocol stores a page.

use std::io;
use std::ops::Range;

/// Memory that outlives the process, which may be killed between any two stores. Of the stores since the last
/// [`publish`](Self::publish), any may then be there and any not.
pub(super) trait Memory {
    /// Stores eight bytes at a multiple of eight, all or nothing.
    fn store(&self, at: usize, word: u64);

    fn write(&self, at: usize, bytes: &[u8]);

    /// Makes the stores in `bytes` visible before any later store.
    fn publish(&self, bytes: Range<usize>) -> io::Result<()>;
}
