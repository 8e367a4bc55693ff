//! The file format, described byte by byte in `docs/format.md`.
//!
//! A checkpoint is a header and a log of framed records: the first is a whole snapshot, each
//! later one what changed since. Writing is appending; reading is replaying.

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
mod side_by_side;
#[cfg(test)]
mod torn;

use crate::limits::DIFFERING_LIMIT;
use crate::{Carried, Checkpoint, Durability};
use frame::{Frame, Frames, Place};
use pieces::Pieces;

pub use examine::{Examination, Examined, RecordKind, examine};
pub use record::{Advance, Arguments, Change, LoopChange, Record};
pub use report::Report;
pub use side_by_side::SideBySide;

/// The version that this release writes, and the newest it reads.
pub const VERSION: u16 = 2;

/// The least number of bytes that may be appended before a new snapshot is due. With it, the
/// file of a job that runs in order stays under 4 KiB.
const MIN_TAIL: usize = 3 * 1024;
/// The same where nothing is synced: replacing the file then costs as much as a hundred appends,
/// and has to be that much rarer.
const MIN_UNSYNCED_TAIL: usize = 64 * 1024;

/// Why bytes are not a checkpoint that can be read, or a state not one that can be written.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin as a checkpoint does.
    #[error("this is not a file of safe-state")]
    Foreign,
    /// The bytes are of safe-state, but something else.
    #[error("this is {0}; give each a name of its own")]
    OtherKind(&'static str),
    /// The bytes are a checkpoint of a format that came after this release.
    #[error(
        "format version {found} is newer than {VERSION}, the newest this release reads; update safe-state"
    )]
    Newer {
        /// The version found.
        found: u16,
    },
    /// The bytes were a checkpoint once.
    #[error("damaged at byte {offset}: {what}")]
    Damaged {
        /// Where the damage was noticed.
        offset: u64,
        /// What was found there.
        what: &'static str,
    },
    /// The bytes are encrypted, and there is no key.
    #[error(
        "it is encrypted; give the job its key, by `encrypt = ..`, or the command, by `$SAFE_STATE_KEY_FILE`"
    )]
    Encrypted,
    /// The bytes are encrypted, and not by a key that was given.
    #[error(
        "it is encrypted by a key that was not given, with the mark {mark:02x?}; give the key that it was made with, as an older one beside a new one"
    )]
    OtherKey {
        /// What a key is known by.
        mark: [u8; 8],
    },
    /// There is a key, and the bytes are not encrypted.
    #[error(
        "it is not encrypted, and the job has a key, by which that would be noticed; `EncryptionKeys::take_plain` takes over what was stored before there was one"
    )]
    NotEncrypted,
    /// A record does not fit the format's 32-bit length.
    #[error(
        "a record of {0} bytes is larger than the format's 4 GiB; keep what is large in a file of its own, and carry its path"
    )]
    TooLarge(usize),
    /// The checkpoint is of a job that many workers share, and its run is one that shares nothing.
    #[error(
        "it is of a job whose items are shared by many workers; put `shared` back on its function, or clear the checkpoint"
    )]
    Shared,
    /// A change that no checkpoint can hold, which is not written.
    #[error(
        "{0}; put several variables into one struct, or several loops into a function of their own"
    )]
    TooMany(&'static str),
}

crate::debug_is_one_line!(FormatError);

/// How many bytes may follow a snapshot of that length before the whole is written anew: as
/// many as the snapshot has, so that writing snapshots at most doubles what is written.
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

/// What is wrong with a first record that is whole, and of that kind.
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

/// The same, with large values as they stand in memory.
pub(crate) fn snapshot_in_pieces(checkpoint: &Checkpoint) -> Result<Pieces, FormatError> {
    let mut pieces = Pieces::default();
    pieces.small_mut().extend_from_slice(&frame::header());
    record::write_snapshot_in_pieces(checkpoint, &mut pieces)?;
    Ok(pieces)
}

/// A record that can stand in a frame.
pub(crate) trait Framed {
    /// Appends it to `buffer`, framed to stand at `place`.
    fn write(&self, place: Place, buffer: &mut Vec<u8>) -> Result<(), FormatError>;

    /// The same, with large values as they stand in memory.
    fn write_in_pieces(&self, place: Place, pieces: &mut Pieces) -> Result<(), FormatError> {
        self.write(place, pieces.small_mut())
    }

    /// A number of bytes that it takes at least.
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

/// Where records may be appended behind a snapshot.
#[derive(Clone, Copy)]
pub(crate) struct Tail {
    place: Place,
    limit: usize,
}

impl Tail {
    /// `None` if the bytes are no snapshot.
    pub(crate) fn after(snapshot: &Pieces, durability: Durability) -> Option<Tail> {
        let len = snapshot.len();
        let limit = len + tail_room(len, durability);
        // What belongs to a snapshot, and stands in records of its own, is behind it.
        Some(Tail { place: Place::after(snapshot.small())?.at(len), limit })
    }

    /// Where a record of the checkpoint ends after so many bytes, and what is behind that. `None` if none does, or the
    /// bytes are no checkpoint, or damaged before their end.
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

    /// The checksum of the snapshot, and where the next record stands.
    #[cfg(target_os = "linux")]
    pub(crate) fn place(&self) -> (u32, u64) {
        self.place.numbers()
    }

    /// The checkpoint that ends here with framed records more, and where it ends.
    #[cfg(target_os = "linux")]
    pub(crate) fn extended(self, checkpoint: &[u8], framed: &[u8]) -> Option<(Tail, Vec<u8>)> {
        let mut longer = checkpoint.get(..self.place.offset)?.to_vec();
        longer.extend_from_slice(framed);
        Some((Tail { place: self.place.at(longer.len()), ..self }, longer))
    }

    /// Adds a record to the checkpoint that ends here. Gives where it ends then.
    #[cfg(target_os = "linux")]
    pub(crate) fn push(self, record: &Record, checkpoint: &mut Vec<u8>) -> Option<Tail> {
        record.write(self.place, checkpoint).ok()?;
        Some(Tail { place: self.place.at(checkpoint.len()), ..self })
    }

    /// The tail with a framed record more that is not appended yet, whether there is room for it or not.
    #[cfg(target_os = "linux")]
    pub(crate) fn beyond(self, framed: &Pieces) -> Tail {
        Tail { place: self.place.at(self.place.offset + framed.len()), ..self }
    }

    /// Adds `record` to `pieces`, framed to stand at the end of the tail.
    pub(crate) fn frame(
        &self,
        record: &impl Framed,
        pieces: &mut Pieces,
    ) -> Result<(), FormatError> {
        record.write_in_pieces(self.place, pieces)
    }

    /// Whether there may be room for a record of at least so many bytes.
    pub(crate) fn may_hold(&self, least: usize) -> bool {
        self.place.offset.saturating_add(least) <= self.limit
    }

    /// The tail with a framed record more; `None` if it has no room for it.
    pub(crate) fn with(self, framed: &Pieces) -> Option<Tail> {
        let offset = self.place.offset + framed.len();
        (offset <= self.limit).then_some(Tail { place: self.place.at(offset), ..self })
    }
}

fn damaged(offset: usize, what: &'static str) -> FormatError {
    FormatError::Damaged { offset: offset as u64, what }
}
