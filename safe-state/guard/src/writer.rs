//! The job's side of the shared memory. Entries change together or not at all, whatever instruction the job dies at,
//! and even while the guard reads.
//!
//! Each entry has a cell with room for three versions. A version belongs to a commit, by its number. The valid version
//! of a cell is the newest one whose commit is done. A change writes into a version that is neither valid nor being
//! read, and becomes valid with one store to `COMMITTED`. So nothing that may be read is ever written, and a value is
//! copied once.

use std::collections::HashMap;
use std::mem::replace;
use std::ops::Range;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use range_alloc::RangeAllocator;
use serde::Serialize;

use super::entry::{self, Entries};
use super::layout::{self, ASKED, Layout, UNIT, VERSIONS, word};
use super::memory::Memory;
use crate::GuardError;

/// The only writer of the memory.
#[derive(Debug)]
pub(super) struct Writer<M> {
    memory: M,
    layout: Layout,
    /// The number of the last commit.
    committed: u64,
    directory: Directory,
    cells: Vec<[Version; VERSIONS]>,
    /// The allocator of the data, in units.
    room: RangeAllocator<usize>,
    /// The versions that the draft has written. Kept here to reuse the allocation.
    written: Vec<(usize, usize)>,
    entries: Entries,
}

/// The numbers of the cells.
#[derive(Debug, Default)]
struct Directory {
    /// The number of each entry's cell.
    cells: HashMap<Box<str>, usize>,
    /// The cells whose entries were removed.
    vacant: Vec<usize>,
}

/// The writer's own notes on a version. The rest is only in the shared memory.
#[derive(Clone, Debug, Default)]
struct Version {
    commit: u64,
    /// Whether the version says that the entry does not exist.
    is_absence: bool,
    /// The room of the version's bytes, in units.
    room: Option<Range<usize>>,
}

impl<M: Memory> Writer<M> {
    /// Makes the writer of memory that nobody has written to.
    pub(super) fn new(memory: M, layout: Layout) -> Self {
        let units = layout.data().len() / UNIT;
        Writer {
            memory,
            layout,
            committed: 0,
            directory: Directory::default(),
            cells: Vec::new(),
            room: RangeAllocator::new(0..units.max(1)),
            written: Vec::new(),
            entries: Entries::default(),
        }
    }

    /// Begins a group of changes, which become valid together when they are committed.
    pub(super) fn draft(&mut self) -> Draft<'_, M> {
        let pinned = self.pinned();
        Draft { writer: self, pinned, is_broken: false, added: Vec::new(), removed: Vec::new() }
    }

    /// Returns the number of the commit that the guard reads, 0 for none. If the guard has only asked for the last
    /// commit, that becomes this writer's last one: later commits may follow it.
    fn pinned(&self) -> u64 {
        // Thanks to the fence, either this sees that the guard has asked, or the guard sees the last commit.
        self.memory.fence();
        match self.memory.load(word::PINNED, Acquire) {
            ASKED => match self.memory.exchange(word::PINNED, ASKED, self.committed) {
                Ok(_) => self.committed,
                Err(pinned) => pinned,
            },
            pinned => pinned,
        }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.directory.cells.keys().map(|key| &**key)
    }

    /// Calls `read` with the bytes of an entry's value; returns `None` if the entry does not exist.
    pub(super) fn read<R>(&self, key: &str, read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let cell = *self.directory.cells.get(key)?;
        let version = self.newest(cell, u64::MAX)?;
        if self.cells[cell][version].is_absence {
            return None;
        }
        let first = layout::version_of(cell, version);
        let (at, len) =
            (self.memory.load(first + 1, Relaxed), self.memory.load(first + 2, Relaxed));
        let bytes = entry::bytes(self.layout, at, len)?;
        self.memory.read(bytes, |bytes| entry::split(bytes).map(|(_, value)| read(value)))
    }

    /// Returns the newest version of a cell that is not newer than `commit`.
    fn newest(&self, cell: usize, commit: u64) -> Option<usize> {
        let versions = self.cells[cell].iter().enumerate();
        let up_to = versions.filter(|(_, version)| (1..=commit).contains(&version.commit));
        up_to.max_by_key(|(_, version)| version.commit).map(|(at, _)| at)
    }

    /// Returns the version to write into: the one that this draft has written, or one that is neither valid nor being
    /// read, with the most room.
    fn spare(&self, cell: usize, pinned: u64) -> usize {
        let next = self.committed + 1;
        let versions = &self.cells[cell];
        if let Some(written) = versions.iter().position(|version| version.commit == next) {
            return written;
        }
        let kept = [self.newest(cell, self.committed), self.newest(cell, pinned)];
        let spare = (0..VERSIONS).filter(|at| !kept.contains(&Some(*at)));
        let room = |at: &usize| versions[*at].room.as_ref().map_or(0, ExactSizeIterator::len);
        spare.max_by_key(room).expect("two of three versions are kept at most")
    }

    /// Frees the room of all versions that are neither valid nor being read.
    fn reclaim(&mut self, pinned: u64) {
        for cell in 0..self.cells.len() {
            self.reclaim_cell(cell, pinned);
        }
    }

    fn reclaim_cell(&mut self, cell: usize, pinned: u64) {
        let kept = [self.newest(cell, self.committed), self.newest(cell, pinned)];
        for at in (0..VERSIONS).filter(|at| !kept.contains(&Some(*at))) {
            let version = &mut self.cells[cell][at];
            if version.commit <= self.committed
                && let Some(room) = version.room.take()
            {
                self.room.free_range(room);
            }
        }
    }

    /// Returns room for `bytes` bytes, and a quarter more if the entry `grows`, so that it may grow again.
    fn allocate(&mut self, bytes: usize, grows: bool, pinned: u64) -> Option<Range<usize>> {
        let exact = bytes.div_ceil(UNIT).max(1);
        let ample = if grows { exact + exact / 4 } else { exact };
        let ample_room = self.room.allocate_range(ample);
        ample_room.ok().or_else(|| {
            self.reclaim(pinned);
            self.room.allocate_range(exact).ok()
        })
    }

    fn forget(&mut self, cell: usize, version: usize) {
        self.cells[cell][version].commit = 0;
        self.memory.store(layout::version_of(cell, version), 0, Relaxed);
    }

    fn tell(&self, cell: usize, version: usize, commit: u64, bytes: Range<usize>) {
        let first = layout::version_of(cell, version);
        let checksum = self.memory.read(bytes.clone(), |written| entry::checksum(commit, written));
        let words = [bytes.start as u64, bytes.len() as u64, u64::from(checksum)];
        for (at, value) in words.into_iter().enumerate() {
            self.memory.store(first + 1 + at, value, Relaxed);
        }
        // Relaxed is enough, as nobody reads a version of a commit that is not done.
        self.memory.store(first, commit, Relaxed);
    }

    fn full(&self, key: &str) -> GuardError {
        GuardError::Full { key: key.to_owned(), capacity: self.layout.data().len() as u64 }
    }
}

/// A group of changes that become valid together. Changes that are not committed are undone.
#[derive(Debug)]
pub(super) struct Draft<'a, M: Memory> {
    writer: &'a mut Writer<M>,
    pinned: u64,
    /// Whether an entry could not be written. Its value in this draft is lost.
    is_broken: bool,
    added: Vec<Box<str>>,
    removed: Vec<Box<str>>,
}

impl<M: Memory> Draft<'_, M> {
    /// Returns the writer, with these changes in it.
    pub(super) fn writer(&self) -> &Writer<M> {
        self.writer
    }

    pub(super) fn insert(&mut self, key: &str, value: impl Serialize) -> Result<(), GuardError> {
        // Stays set if writing the entry fails or panics.
        let was_broken = replace(&mut self.is_broken, true);
        let cell = self.cell_of(key)?;
        let version = self.writer.spare(cell, self.pinned);
        self.begin(cell, version);
        let room = self.writer.cells[cell][version].room.clone();
        let needed = self.fill(room.clone(), key, &value)?;
        let room = match room {
            Some(room) if needed <= room.len() * UNIT => room,
            small => {
                let room = self.more_room(key, (cell, version), small, needed)?;
                self.fill(Some(room.clone()), key, &value)?;
                room
            }
        };
        let start = self.writer.layout.data().start + room.start * UNIT;
        self.end(cell, version, start..start + needed);
        self.is_broken = was_broken;
        Ok(())
    }

    /// Removes an entry. Returns whether it existed.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        if self.writer.read(key, |_| ()).is_none() {
            return false;
        }
        let cell = self.writer.directory.cells[key];
        let version = self.writer.spare(cell, self.pinned);
        self.begin(cell, version);
        self.end(cell, version, 0..0);
        self.removed.push(key.into());
        true
    }

    /// Makes the changes valid; none of them if one has failed, which was reported then.
    pub(super) fn commit(mut self) -> Result<(), GuardError> {
        if self.is_broken {
            return Err(GuardError::Undone);
        }
        if self.writer.written.is_empty() {
            return Ok(());
        }
        self.writer.written.clear();
        self.added.clear();
        let commit = self.writer.committed + 1;
        self.writer.memory.store(word::COMMITTED, commit, Release);
        self.writer.committed = commit;
        self.vacate();
        Ok(())
    }

    /// Makes the cells of removed entries free again.
    fn vacate(&mut self) {
        if self.removed.is_empty() {
            return;
        }
        // The guard may have begun to read the previous commit.
        let pinned = self.writer.pinned();
        for key in std::mem::take(&mut self.removed) {
            if self.writer.read(&key, |_| ()).is_none()
                && let Some(cell) = self.writer.directory.cells.remove(&key)
            {
                self.writer.reclaim_cell(cell, pinned);
                self.writer.directory.vacant.push(cell);
                self.writer.entries.forget(&key);
            }
        }
    }

    fn cell_of(&mut self, key: &str) -> Result<usize, GuardError> {
        let writer = &mut *self.writer;
        if let Some(cell) = writer.directory.cells.get(key) {
            return Ok(*cell);
        }
        let cell = match writer.directory.vacant.pop() {
            Some(cell) => cell,
            None if writer.cells.len() == writer.layout.cells() => return Err(writer.full(key)),
            None => {
                writer.cells.push(<[Version; VERSIONS]>::default());
                writer.memory.store(word::CELLS, writer.cells.len() as u64, Release);
                writer.cells.len() - 1
            }
        };
        writer.directory.cells.insert(key.into(), cell);
        self.added.push(key.into());
        Ok(cell)
    }

    /// Writes the entry as far as there is room. Returns how many bytes it needs.
    fn fill(
        &mut self,
        room: Option<Range<usize>>,
        key: &str,
        value: &impl Serialize,
    ) -> Result<usize, GuardError> {
        let start = self.writer.layout.data().start;
        let room = room.unwrap_or(0..0);
        let bytes = start + room.start * UNIT..start + room.end * UNIT;
        let Writer { memory, entries, .. } = &mut *self.writer;
        memory.write(bytes, |bytes| entries.write(bytes, key, value))
    }

    fn more_room(
        &mut self,
        key: &str,
        (cell, version): (usize, usize),
        small: Option<Range<usize>>,
        needed: usize,
    ) -> Result<Range<usize>, GuardError> {
        let writer = &mut *self.writer;
        let grows = small.is_some();
        if let Some(small) = small {
            writer.cells[cell][version].room = None;
            writer.room.free_range(small);
        }
        let room = writer.allocate(needed, grows, self.pinned);
        writer.cells[cell][version].room.clone_from(&room);
        room.ok_or_else(|| writer.full(key))
    }

    /// Notes that a version holds nothing any more, neither from this draft nor from before.
    fn begin(&mut self, cell: usize, version: usize) {
        self.writer.written.push((cell, version));
        self.writer.forget(cell, version);
    }

    /// Notes the bytes that a version holds in this draft; an empty range means that the entry does not exist.
    fn end(&mut self, cell: usize, version: usize, bytes: Range<usize>) {
        let commit = self.writer.committed + 1;
        let known = &mut self.writer.cells[cell][version];
        (known.commit, known.is_absence) = (commit, bytes.is_empty());
        self.writer.tell(cell, version, commit, bytes);
    }
}

impl<M: Memory> Drop for Draft<'_, M> {
    fn drop(&mut self) {
        while let Some((cell, version)) = self.writer.written.pop() {
            self.writer.forget(cell, version);
        }
        for key in std::mem::take(&mut self.added) {
            let cell = self.writer.directory.cells.remove(&key);
            self.writer.directory.vacant.extend(cell);
        }
    }
}
