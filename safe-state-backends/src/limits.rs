//! Limits on the contents of a checkpoint. What exceeds them is refused, on reading and on writing, so that a few bytes can't
//! claim much memory.

/// The most resumable loops in one function.
pub(crate) const LOOP_LIMIT: usize = 64;
/// The most resumable loops inside one another.
pub(crate) const NESTING_LIMIT: usize = 16;
/// The most dead letters of a job.
pub(crate) const DEAD_LETTER_LIMIT: usize = 10_000;
/// The most completed items behind an item that is put back: each 65 536 of them take a few bytes.
pub(crate) const BEHIND_LIMIT: u64 = 1 << 32;
/// The most carried variables and steps of one job.
pub(crate) const CARRIED_LIMIT: usize = 256;
/// The most runs of a job that are remembered.
pub(crate) const RUN_LIMIT: usize = 32;
/// The most items of a loop by which its input is recognised.
pub(crate) const SAMPLE_LIMIT: usize = 64;
/// The most arguments of a job that are compared.
pub(crate) const ARGUMENT_LIMIT: usize = 256;
/// The most items of a loop that are in flight at once.
pub(crate) const IN_FLIGHT_LIMIT: usize = 1024;
/// The most slices of a loop.
pub(crate) const SLICE_LIMIT: u32 = 1 << 16;
/// The most indices at which slices begin.
pub(crate) const SPLIT_LIMIT: usize = 1 << 16;
/// The most stored values at the ends of slices, of all variables and loops together.
pub(crate) const MERGE_LIMIT: usize = 1 << 16;
/// The longest key of an effect, in bytes.
pub(crate) const KEY_LIMIT: usize = 4096;

/// The most changes behind a snapshot that store last values as differences: a reader makes each of these whole.
pub(crate) const DIFFERING_LIMIT: u32 = 128;
/// The most items that are kept as the slowest.
pub(crate) const SLOWEST_LIMIT: usize = 10;
/// The longest text of a slow item, in bytes.
pub(crate) const SLOW_ITEM_LIMIT: usize = 96;
