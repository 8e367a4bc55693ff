//! The guard's side of the shared memory: reads the last commit, even while the job makes others.
//!
//! The guard asks for the last commit, and then names its number, or finds that the job has named it, which the job
//! does before it changes anything. So neither of them ever waits.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::entry;
use super::layout::{self, ASKED, Layout, VERSIONS, word};
use super::memory::Memory;

/// The entries of one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// The number of the commit; 0 if nothing was committed.
    pub(super) commit: u64,
    pub(super) entries: BTreeMap<String, Box<[u8]>>,
    /// The number of entries that are damaged, as something has overwritten them.
    pub(super) lost: usize,
}

impl Snapshot {
    /// Reads the last commit.
    pub(super) fn take(memory: &impl Memory, layout: Layout) -> Snapshot {
        let mut snapshot = Snapshot { commit: pin(memory), ..Snapshot::default() };
        let cells = memory.load(word::CELLS, Acquire);
        let cells = usize::try_from(cells).unwrap_or(usize::MAX).min(layout.cells());
        for cell in 0..cells {
            snapshot.read(memory, layout, cell);
        }
        memory.store(word::PINNED, 0, Release);
        snapshot
    }

    fn read(&mut self, memory: &impl Memory, layout: Layout, cell: usize) {
        // Each word is loaded once, as the job may be changing a version that does not count.
        let versions = (0..VERSIONS).map(|version| layout::version_of(cell, version));
        let commits = versions.map(|first| (memory.load(first, Relaxed), first));
        let up_to = commits.filter(|(commit, _)| (1..=self.commit).contains(commit));
        let Some((commit, first)) = up_to.max() else { return };
        let [at, len, checksum] = [1, 2, 3].map(|word| memory.load(first + word, Relaxed));
        if (at, len) == (0, 0) && checksum == u64::from(entry::checksum(commit, &[])) {
            return;
        }
        let whole = entry::bytes(layout, at, len).and_then(|bytes| {
            memory.read(bytes, |bytes| {
                let is_whole = u64::from(entry::checksum(commit, bytes)) == checksum;
                let (key, value) = entry::split(bytes).filter(|_| is_whole)?;
                Some((key.to_owned(), Box::from(value)))
            })
        });
        match whole {
            Some((key, value)) => drop(self.entries.insert(key, value)),
            None => self.lost += 1,
        }
    }
}

/// Keeps the job from overwriting the last commit. Returns its number.
fn pin(memory: &impl Memory) -> u64 {
    memory.store(word::PINNED, ASKED, Relaxed);
    memory.fence();
    let committed = memory.load(word::COMMITTED, Acquire);
    // The job may have named the commit meanwhile, and gone on.
    memory.exchange(word::PINNED, ASKED, committed).map_or_else(|named| named, |_| committed)
}
