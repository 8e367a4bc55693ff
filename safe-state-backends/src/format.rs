//! The file format, described byte by byte in `docs/format.md`.
//!
//! A checkpoint is a header and a log of framed records. The first record is a whole snapshot, each later one holds what
//! changed since. A save appends records; a load replays them.

mod behind;
pub(crate) mod effects;
mod examine;
pub(crate) mod frame;
pub(crate) mod output;
pub(crate) mod pieces;
pub(crate) mod presses;
mod record;
mod report;
pub(crate) mod request;
#[cfg_attr(
    not(feature = "encrypt"),
    allow(dead_code, reason = "without the feature they are told from others alone")
)]
pub(crate) mod sealed;
pub(crate) mod separate;
mod side_by_side;
#[cfg(test)]
mod torn;

use crate::limits::DIFFERING_LIMIT;
use crate::{Carried, Checkpoint, Durability};
use frame::{Frame, FramePlace, Frames};
use pieces::Pieces;

pub use examine::{Examination, Examined, RecordKind, examine};
pub use record::{Advance, Arguments, Change, LoopChange, Record};
pub use report::Report;
pub use side_by_side::SideBySide;

/// The format version that this release writes, and the newest that it reads.
pub const VERSION: u16 = 2;

/// The number of bytes that may always be appended before a new snapshot is due. With it, the file of a job that runs in order
/// stays under 4 KiB.
const MIN_TAIL: usize = 3 * 1024;
/// The number of bytes that may always be appended where nothing is synced. Replacing the file then costs as much as a hundred
/// appends, and so has to be that much rarer.
const MIN_UNSYNCED_TAIL: usize = 64 * 1024;

/// The reason why bytes can't be read as a checkpoint, or a state can't be written as one.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin as a checkpoint does.
    #[error("this is not a file of safe-state")]
    Foreign,
    /// The bytes are of safe-state, but are no checkpoint.
    #[error("this is {0}; give each a name of its own")]
    OtherKind(&'static str),
    /// The bytes are a checkpoint of a format newer than this release.
    #[error(
        "format version {found} is newer than {VERSION}, the newest this release reads; update safe-state"
    )]
    Newer {
        /// The format version in the bytes.
        found: u16,
    },
    /// The bytes are a checkpoint that was damaged.
    #[error("damaged at byte {offset}: {what}")]
    Damaged {
        /// The offset in bytes at which the damage was noticed.
        offset: u64,
        /// The problem that was found there.
        what: &'static str,
    },
    /// The bytes are encrypted, and no key was given.
    #[error(
        "it is encrypted; give the job its key, by `encrypt = ..`, or the command, by `$SAFE_STATE_KEY_FILE`"
    )]
    Encrypted,
    /// The bytes are encrypted by a key that was not given.
    #[error(
        "it is encrypted by a key that was not given, with the mark {mark:02x?}; give the key that it was made with, as an older one beside a new one"
    )]
    OtherKey {
        /// The mark of the key that the bytes were encrypted by.
        mark: [u8; 8],
    },
    /// A key was given, but the bytes are not encrypted.
    #[error(
        "it is not encrypted, and the job has a key, by which that would be noticed; `EncryptionKeys::take_plain` takes over what was stored before there was one"
    )]
    NotEncrypted,
    /// A record does not fit the format's 32-bit length.
    #[error(
        "a record of {0} bytes is larger than the format's 4 GiB; keep what is large in a file of its own, and carry its path"
    )]
    TooLarge(usize),
    /// Many workers share the job of the checkpoint, and the run shares nothing.
    #[error(
        "it is of a job whose items are shared by many workers; put `shared` back on its function, or clear the checkpoint"
    )]
    Shared,
    /// The change is more than a checkpoint can hold, and was not written.
    #[error(
        "{0}; put several variables into one struct, or several loops into a function of their own"
    )]
    TooMany(&'static str),
}

crate::debug_is_one_line!(FormatError);

/// The number of zeros behind the last record that show that no other follows.
const NOTHING_FOLLOWS: usize = 4 * 1024;

/// Returns whether the last record of a checkpoint ends within these bytes, which are its beginning.
pub(crate) fn ends_within(beginning: &[u8]) -> bool {
    let Ok(mut frames) = Frames::open(beginning) else { return false };
    while let Ok(Some(_)) = frames.next_frame() {}
    frames.rest_in_use() == 0 && frames.rest_len() >= NOTHING_FOLLOWS
}

/// Returns how many bytes may follow a snapshot of that length before a new one is due: at least as many as the snapshot has,
/// so that snapshots at most double what is written.
pub fn tail_room(snapshot_len: usize, durability: Durability) -> usize {
    let least = match durability {
        Durability::Power => MIN_TAIL,
        Durability::Process => MIN_UNSYNCED_TAIL,
    };
    snapshot_len.max(least)
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Checkpoint, FormatError> {
    let mut frames = Frames::open(bytes)?;
    let mut checkpoint = match frames.next_frame()? {
        Some(Frame { kind: record::SNAPSHOT, payload, offset, .. }) => {
            record::snapshot(payload, offset)?
        }
        Some(Frame { kind, offset, .. }) => return Err(no_snapshot(kind, offset)),
        None => return Err(damaged(frame::HEADER_LEN, "the snapshot is cut off or damaged")),
    };
    let mut differing = 0;
    while let Some(frame) = frames.next_frame()? {
        let record = record::decode(&frame)?;
        differing += u32::from(Checkpoint::has_differing(&record));
        if differing > DIFFERING_LIMIT {
            return Err(damaged(frame.offset, "too many values that tell how they differ"));
        }
        checkpoint.apply(record).map_err(|what| damaged(frame.offset, what))?;
    }
    Ok(checkpoint)
}

/// Returns the error for a first record that is whole, but of the kind `kind` instead of a snapshot.
fn no_snapshot(kind: u8, offset: usize) -> FormatError {
    match kind {
        effects::EFFECTS => FormatError::OtherKind("an idempotency cache, and not a checkpoint"),
        report::REPORT => FormatError::OtherKind("a report, and not a checkpoint"),
        output::OUTPUT => {
            FormatError::OtherKind("a note of which job writes a file, and no checkpoint")
        }
        sealed::SNAPSHOT => FormatError::Encrypted,
        presses::PRESSES => {
            FormatError::OtherKind("a note of who pressed buttons, and no checkpoint")
        }
        request::REQUEST => FormatError::OtherKind("a request to a job, and not a checkpoint"),
        _ => damaged(offset, "the first record is no snapshot"),
    }
}

pub(crate) fn snapshot(checkpoint: &Checkpoint) -> Result<Vec<u8>, FormatError> {
    let values = checkpoint.carried.values();
    let mut bytes = Vec::with_capacity(record::sum(values.map(Carried::size)) + 1024);
    bytes.extend_from_slice(&frame::header());
    record::write_snapshot(checkpoint, &mut bytes)?;
    Ok(bytes)
}

/// Encodes a checkpoint as a snapshot, without copying large values.
pub(crate) fn snapshot_in_pieces(checkpoint: &Checkpoint) -> Result<Pieces, FormatError> {
    let mut pieces = Pieces::default();
    pieces.small_mut().extend_from_slice(&frame::header());
    record::write_snapshot_in_pieces(checkpoint, &mut pieces)?;
    Ok(pieces)
}

/// A record that can stand in a frame.
pub(crate) trait Framed {
    /// Appends the record to `buffer`, framed for the place `place`.
    fn write(&self, place: FramePlace, buffer: &mut Vec<u8>) -> Result<(), FormatError>;

    /// Appends the record to `pieces`, framed for the place `place`, without copying large values.
    fn write_in_pieces(&self, place: FramePlace, pieces: &mut Pieces) -> Result<(), FormatError> {
        self.write(place, pieces.small_mut())
    }

    /// Returns a lower bound of the record's length in bytes.
    fn least_len(&self) -> usize {
        0
    }
}

/// A place in a checkpoint, and the whole records behind it.
#[cfg(target_os = "linux")]
pub(crate) struct Behind<'a> {
    pub(crate) tail: Tail,
    pub(crate) records: &'a [u8],
}

/// The end of a log, where records may be appended behind a snapshot.
#[derive(Clone, Copy)]
pub(crate) struct Tail {
    place: FramePlace,
    limit: usize,
}

impl Tail {
    /// Returns the end of a snapshot; `None` if the bytes are no snapshot.
    pub(crate) fn after(snapshot: &Pieces, durability: Durability) -> Option<Tail> {
        let len = snapshot.len();
        let limit = len + tail_room(len, durability);
        // Records that belong to the snapshot may follow it, so the place is the end of all its pieces.
        Some(Tail { place: FramePlace::after(snapshot.small())?.at(len), limit })
    }

    /// Returns the place behind the record that ends after `end` bytes, and the records that follow. `None` if no record ends
    /// there, or the bytes are no checkpoint or damaged before their end.
    #[cfg(target_os = "linux")]
    pub(crate) fn at(checkpoint: &[u8], end: u64) -> Option<Behind<'_>> {
        let end = usize::try_from(end).ok()?;
        let mut frames = Frames::open(checkpoint).ok()?;
        let mut place = None;
        while frames.next_frame().ok()?.is_some() {
            if frames.place().offset == end {
                place = Some(frames.place());
            }
        }
        let records = checkpoint.get(end..frames.place().offset)?;
        Some(Behind { tail: Tail { place: place?, limit: usize::MAX }, records })
    }

    /// Returns the checksum of the snapshot, and the offset of the next record.
    #[cfg(target_os = "linux")]
    pub(crate) fn place(&self) -> (u32, u64) {
        self.place.numbers()
    }

    /// Returns the checkpoint that ends here with `framed` records appended, and its new end.
    #[cfg(target_os = "linux")]
    pub(crate) fn extended(self, checkpoint: &[u8], framed: &[u8]) -> Option<(Tail, Vec<u8>)> {
        let mut longer = checkpoint.get(..self.place.offset)?.to_vec();
        longer.extend_from_slice(framed);
        Some((Tail { place: self.place.at(longer.len()), ..self }, longer))
    }

    /// Appends a record to the checkpoint that ends here. Returns the new end.
    #[cfg(target_os = "linux")]
    pub(crate) fn push(self, record: &Record, checkpoint: &mut Vec<u8>) -> Option<Tail> {
        record.write(self.place, checkpoint).ok()?;
        Some(Tail { place: self.place.at(checkpoint.len()), ..self })
    }

    /// Returns the tail behind one more framed record that is not appended yet, even if there is no room for it.
    #[cfg(target_os = "linux")]
    pub(crate) fn beyond(self, framed: &Pieces) -> Tail {
        Tail { place: self.place.at(self.place.offset + framed.len()), ..self }
    }

    /// Adds `record` to `pieces`, framed for the end of the tail.
    pub(crate) fn frame(
        &self,
        record: &impl Framed,
        pieces: &mut Pieces,
    ) -> Result<(), FormatError> {
        record.write_in_pieces(self.place, pieces)
    }

    /// Returns whether a record of at least `least` bytes may have room.
    pub(crate) fn may_hold(&self, least: usize) -> bool {
        self.place.offset.saturating_add(least) <= self.limit
    }

    /// Returns the tail behind one more framed record; `None` if it has no room.
    pub(crate) fn with(self, framed: &Pieces) -> Option<Tail> {
        let offset = self.place.offset + framed.len();
        (offset <= self.limit).then_some(Tail { place: self.place.at(offset), ..self })
    }
}

fn damaged(offset: usize, what: &'static str) -> FormatError {
    FormatError::Damaged { offset: offset as u64, what }
}
