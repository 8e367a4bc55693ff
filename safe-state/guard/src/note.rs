//! Notes that one side leaves for the other, each in its own area. A note is read whole or not at all.

use std::ops::Range;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::memory::Memory;

/// The bytes of a note's length and checksum.
const HEAD: usize = 16;

/// Leaves a note, and replaces the one before. Returns whether there was room for it.
pub(super) fn leave(memory: &impl Memory, area: Range<usize>, note: &impl Serialize) -> bool {
    let word = area.start / 8;
    memory.store(word, 0, Release);
    let len = memory.write(area.start + HEAD..area.end, |room| {
        postcard::to_slice(note, room).map(|written| (written.len(), crc32fast::hash(written)))
    });
    let Ok((len, checksum)) = len else { return false };
    memory.store(word + 1, u64::from(checksum), Relaxed);
    memory.store(word, len as u64, Release);
    true
}

/// Returns the note in the area, if a whole one is there.
pub(super) fn find<T: DeserializeOwned>(memory: &impl Memory, area: Range<usize>) -> Option<T> {
    let word = area.start / 8;
    let len = usize::try_from(memory.load(word, Acquire)).ok().filter(|len| *len > 0)?;
    let end = area.start.checked_add(HEAD + len).filter(|end| *end <= area.end)?;
    let checksum = memory.load(word + 1, Relaxed);
    memory.read(area.start + HEAD..end, |bytes| {
        let is_whole = u64::from(crc32fast::hash(bytes)) == checksum;
        is_whole.then(|| postcard::from_bytes(bytes).ok())?
    })
}
