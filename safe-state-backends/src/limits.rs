//! How much a checkpoint holds. What is read or written beyond that is refused, so that a few bytes
//! can't claim much memory.

/// Most resumable loops of one function.
pub(crate) const LOOP_LIMIT: usize = 64;
/// Most resumable loops inside one another.
pub(crate) const NESTING_LIMIT: usize = 16;
/// Most items given up on with a record.
pub(crate) const DEAD_LETTER_LIMIT: usize = 10_000;
/// Most items that may be complete behind one that is put back: each 65 536 of them take a few bytes.
pub(crate) const BEHIND_LIMIT: u64 = 1 << 32;
/// Most carried variables and steps of one job.
pub(crate) const CARRIED_LIMIT: usize = 256;
/// Most runs of a job that are remembered.
pub(crate) const RUN_LIMIT: usize = 32;
/// Most items of a loop by which its input is known again.
pub(crate) const SAMPLE_LIMIT: usize = 64;
/// Most arguments of a job that are compared.
pub(crate) const ARGUMENT_LIMIT: usize = 256;
/// Most items of a loop that are in flight at once.
pub(crate) const IN_FLIGHT_LIMIT: usize = 1024;
/// Most slices of a loop.
pub(crate) const SLICE_LIMIT: u32 = 1 << 16;
/// The same of where they begin.
pub(crate) const SPLIT_LIMIT: usize = 1 << 16;
/// Most values of slices, of all variables and loops.
pub(crate) const MERGE_LIMIT: usize = 1 << 16;
/// Longest key of an effect, in bytes.
pub(crate) const KEY_LIMIT: usize = 4096;

/// Most changes behind a snapshot in which last values tell how they differ: a reader makes each of them whole.
pub(crate) const DIFFERING_LIMIT: u32 = 128;
