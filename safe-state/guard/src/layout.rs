//! Where in the shared memory what lies. Nothing of it is stored anywhere: guard and job are the same
//! program.

use std::ops::Range;

/// The words of the header.
pub(super) mod word {
    /// What the memory is for; the guard writes it last.
    pub(crate) const MAGIC: usize = 0;
    /// How many bytes of data there is room for.
    pub(crate) const CAPACITY: usize = 1;
    /// The guard's process, and the job's.
    pub(crate) const GUARD: usize = 2;
    pub(crate) const JOB: usize = 3;
    /// How far the job has come: see [`stage`](super::stage).
    pub(crate) const STAGE: usize = 4;
    /// The last commit, counted from 1.
    pub(crate) const COMMITTED: usize = 8;
    /// The commit that the guard reads; 0 for none, [`ASKED`](super::ASKED) for whichever is the last.
    pub(crate) const PINNED: usize = 9;
    /// How many cells have ever been in use.
    pub(crate) const CELLS: usize = 10;
}

/// Words of which half is used, as the system waits for no longer ones: none of those above.
#[cfg(feature = "minidump")]
pub(super) mod half {
    /// How far a minidump has come.
    pub(crate) const DUMP: usize = 16;
}

/// How far the job has come.
pub(super) mod stage {
    /// It has reached its guard.
    pub(crate) const REACHED: u64 = 1;
    /// Its closure has panicked.
    pub(crate) const PANICKED: u64 = 2;
    /// Its closure has returned.
    pub(crate) const RETURNED: u64 = 3;
}

/// The guard wants to read the last commit, whichever that is by now.
pub(super) const ASKED: u64 = u64::MAX;

pub(super) const MAGIC: u64 = u64::from_le_bytes(*b"guard/1\0");

const KIB: usize = 1024;
const PAGE: usize = 4 * KIB;

/// What the guard tells the job that it starts.
pub(super) const ASSIGNMENT: Range<usize> = PAGE..65 * KIB;
/// What is mapped where in the job.
pub(super) const MODULES: Range<usize> = 68 * KIB..132 * KIB;
/// The last panic.
pub(super) const PANIC: Range<usize> = 132 * KIB..148 * KIB;
/// The crash.
pub(super) const CRASH: Range<usize> = 148 * KIB..156 * KIB;
/// The registers of the thread that crashed.
#[cfg(feature = "minidump")]
pub(super) const CONTEXT: Range<usize> = 156 * KIB..160 * KIB;
const FIXED: usize = 160 * KIB;

/// Room is given out in units of so many bytes.
pub(super) const UNIT: usize = 64;
/// The versions that a cell has room for: the one that counts, one that the guard reads, and one that is
/// being written.
pub(super) const VERSIONS: usize = 3;
/// A version: its commit, where its bytes are, how many, their checksum.
pub(super) const VERSION_WORDS: usize = 4;
const CELL_BYTES: usize = VERSIONS * VERSION_WORDS * 8;

/// The first word of a version of a cell.
pub(super) fn version_of(cell: usize, version: usize) -> usize {
    FIXED / 8 + (cell * VERSIONS + version) * VERSION_WORDS
}

/// The part that depends on how much data there is room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    cells: usize,
    data: usize,
}

impl Layout {
    /// With room for `capacity` bytes; `None` if that is more than can be addressed.
    pub(super) fn of(capacity: u64) -> Option<Layout> {
        let capacity = usize::try_from(capacity).ok()?.checked_next_multiple_of(PAGE)?;
        // An entry takes a unit at least for each of two versions.
        let layout = Layout { cells: capacity / (2 * UNIT), data: capacity };
        FIXED.checked_add(layout.cells.checked_mul(CELL_BYTES)?)?.checked_add(capacity)?;
        Some(layout)
    }

    /// How many entries there is room for.
    pub(super) fn cells(self) -> usize {
        self.cells
    }

    /// Where entries lie.
    pub(super) fn data(self) -> Range<usize> {
        let start = FIXED + (self.cells * CELL_BYTES).next_multiple_of(UNIT);
        start..start + self.data
    }

    /// All of it, in bytes.
    pub(super) fn len(self) -> usize {
        self.data().end
    }
}
