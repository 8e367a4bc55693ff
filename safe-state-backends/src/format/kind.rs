//! The kinds of records, by the number that stands in a frame. The first record tells what a file is.

/// A whole checkpoint, the first record of its file.
pub(super) const SNAPSHOT: u8 = 1;
pub(super) const ADVANCE: u8 = 2;
pub(super) const CHANGE: u8 = 3;
pub(super) const SAMPLES: u8 = 4;
pub(super) const ARGUMENTS: u8 = 5;
pub(super) const IN_FLIGHT: u8 = 6;
pub(super) const SLICES: u8 = 7;
pub(super) const MERGE: u8 = 8;
pub(super) const SIDE_BY_SIDE: u8 = 9;
pub(super) const TIMINGS: u8 = 10;

/// All effects, the first record of their file.
pub(super) const EFFECTS: u8 = 16;
/// A change of one effect.
pub(super) const EFFECT: u8 = 17;

/// The only record of a report.
pub(super) const REPORT: u8 = 32;
/// The only record of a request to a job's runs.
pub(super) const REQUEST: u8 = 48;
/// The only record of a note on which job writes a file.
pub(super) const OUTPUT: u8 = 64;

/// The first record of an encrypted file.
pub(super) const SEALED_SNAPSHOT: u8 = 80;
/// Every later record of an encrypted file.
pub(super) const SEALED_RECORD: u8 = 81;

/// The only record of a list of who pressed buttons.
pub(super) const PRESSES: u8 = 96;
