//! The guard's side of the shared memory: the last commit, also while the job makes others.
//!
//! The guard asks for the last commit and then names it, or finds it named by the job, which does so
//! before it begins to change anything. So it never waits, and the job never does.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::entry;
use super::layout::{ASKED, Layout, VERSIONS, word};
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
        let cells = memory.load(word::CELLS, SeqCst);
        let cells = usize::try_from(cells).unwrap_or(usize::MAX).min(layout.cells());
        for cell in 0..cells {
            snapshot.read(memory, layout, cell);
        }
        memory.store(word::PINNED, 0, SeqCst);
        snapshot
    }

    fn read(&mut self, memory: &impl Memory, layout: Layout, cell: usize) {
        let commit_of = |version: &usize| memory.load(layout.version(cell, *version), Relaxed);
        let up_to = |version: &usize| (1..=self.commit).contains(&commit_of(version));
        let Some(version) = (0..VERSIONS).filter(up_to).max_by_key(commit_of) else { return };
        let [commit, at, len, checksum] =
            [0, 1, 2, 3].map(|word| memory.load(layout.version(cell, version) + word, Relaxed));
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
    memory.store(word::PINNED, ASKED, SeqCst);
    let committed = memory.load(word::COMMITTED, SeqCst);
    // The job may have named it meanwhile, and gone on.
    memory.exchange(word::PINNED, ASKED, committed).map_or_else(|named| named, |_| committed)
}
