//! The layout of the shared memory. It is not stored anywhere, as guard and job are the same program.

use std::ops::Range;

/// The numbers of the words in the header.
pub(super) mod word {
    /// The mark of an initialised memory, which the guard writes last.
    pub(crate) const MAGIC: usize = 0;
    /// The room for data, in bytes.
    pub(crate) const CAPACITY: usize = 1;
    /// The process id of the guard; `JOB` is that of the job.
    pub(crate) const GUARD: usize = 2;
    pub(crate) const JOB: usize = 3;
    /// The job's progress: see [`stage`](super::stage).
    pub(crate) const STAGE: usize = 4;
    /// The number of the last commit, counted from 1.
    pub(crate) const COMMITTED: usize = 8;
    /// The commit that the guard reads; 0 for none, [`ASKED`](super::ASKED) for the last one.
    pub(crate) const PINNED: usize = 9;
    /// The number of cells that have ever been in use.
    pub(crate) const CELLS: usize = 10;
}

/// The numbers of half-words, as the system can only wait on 32 bits. None overlaps the words above.
#[cfg(feature = "minidump")]
pub(super) mod half {
    /// The progress of a minidump.
    pub(crate) const DUMP: usize = 16;
}

/// The stages of a job.
pub(super) mod stage {
    /// The job's process has reached its guard.
    pub(crate) const REACHED: u64 = 1;
    /// The job's closure has panicked.
    pub(crate) const PANICKED: u64 = 2;
    /// The job's closure has returned.
    pub(crate) const RETURNED: u64 = 3;
}

/// The value by which the guard asks for the last commit, whichever it is by then.
pub(super) const ASKED: u64 = u64::MAX;

pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"guard/1\0");

const KIB: usize = 1024;
const PAGE: usize = 4 * KIB;

/// The area of the [`Assignment`](super::role::Assignment), which the guard writes for the job.
pub(super) const ASSIGNMENT: Range<usize> = PAGE..65 * KIB;
/// The area of the list of modules mapped in the job.
pub(super) const MODULES: Range<usize> = 68 * KIB..132 * KIB;
/// The area of the last panic.
pub(super) const PANIC: Range<usize> = 132 * KIB..148 * KIB;
/// The area of the crash.
pub(super) const CRASH: Range<usize> = 148 * KIB..156 * KIB;
/// The area of the registers of the crashed thread.
#[cfg(feature = "minidump")]
pub(super) const CONTEXT: Range<usize> = 156 * KIB..160 * KIB;
const FIXED: usize = 160 * KIB;

/// The unit in which room is given out, in bytes.
pub(super) const UNIT: usize = 64;
/// The versions that a cell has room for: the valid one, one that the guard reads, and one that is being written.
pub(super) const VERSIONS: usize = 3;
/// The words of a version: its commit, the offset of its bytes, their number, and their checksum.
pub(super) const VERSION_WORDS: usize = 4;
const CELL_BYTES: usize = VERSIONS * VERSION_WORDS * 8;

/// Returns the first word of a version of a cell.
pub(super) fn version_of(cell: usize, version: usize) -> usize {
    FIXED / 8 + (cell * VERSIONS + version) * VERSION_WORDS
}

/// The part of the layout that depends on the room for data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    cells: usize,
    data: usize,
}

impl Layout {
    /// Makes a layout with room for `capacity` bytes; `None` if they are more than can be addressed.
    pub(super) fn of(capacity: u64) -> Option<Layout> {
        let capacity = usize::try_from(capacity).ok()?.checked_next_multiple_of(PAGE)?;
        // Each entry takes at least one unit for each of two versions.
        let layout = Layout { cells: capacity / (2 * UNIT), data: capacity };
        FIXED.checked_add(layout.cells.checked_mul(CELL_BYTES)?)?.checked_add(capacity)?;
        Some(layout)
    }

    /// Returns how many entries there is room for.
    pub(super) fn cells(self) -> usize {
        self.cells
    }

    /// Returns the range of the data, where the entries lie.
    pub(super) fn data(self) -> Range<usize> {
        let start = FIXED + (self.cells * CELL_BYTES).next_multiple_of(UNIT);
        start..start + self.data
    }

    /// Returns the length of the whole memory in bytes.
    pub(super) fn len(self) -> usize {
        self.data().end
    }
}
