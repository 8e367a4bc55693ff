//! The guard's side of the shared memory: the last commit, also while the job makes others.
//!
//! The guard asks for the last commit and then names it, or finds it named by the job, which does so
//! before it begins to change anything. So it never waits, and the job never does.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::entry;
use super::layout::{self, ASKED, Layout, VERSIONS, word};
use super::memory::Memory;

/// The entries of one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// 0 if nothing was committed.
    pub(super) commit: u64,
    pub(super) entries: BTreeMap<String, Box<[u8]>>,
    /// How many entries are not as they were written: something has written over them.
    pub(super) lost: usize,
}

impl Snapshot {
    /// The last commit.
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
        // Each is loaded once: the job may be at one that does not count, and change it meanwhile.
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

/// Keeps the job from writing over the last commit, whose number it gives.
fn pin(memory: &impl Memory) -> u64 {
    memory.store(word::PINNED, ASKED, Relaxed);
    memory.fence();
    let committed = memory.load(word::COMMITTED, Acquire);
    // The job may have named it meanwhile, and gone on.
    memory.exchange(word::PINNED, ASKED, committed).map_or_else(|named| named, |_| committed)
}
