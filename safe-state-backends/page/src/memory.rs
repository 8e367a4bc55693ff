//! The protocol stores a page through this trait.

use std::io;
use std::ops::Range;

/// Words and bytes that outlive the process. It may be killed between any two stores; of those since the last
/// [`publish`](Self::publish), any may then be there and any not.
pub(super) trait Memory {
    /// Stores eight bytes at a multiple of eight, all or nothing.
    fn store(&self, at: usize, word: u64);

    fn write(&self, at: usize, bytes: &[u8]);

    /// Has what was stored in `bytes` be there if anything is that is stored from now on.
    fn publish(&self, bytes: Range<usize>) -> io::Result<()>;
}
