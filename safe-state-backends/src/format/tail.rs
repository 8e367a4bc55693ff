//! The end of a log: where the next record goes, and whether it has room there.

use super::FormatError;
use super::frame::FramePlace;
#[cfg(target_os = "linux")]
use super::frame::Frames;
use super::framed::Framed;
use super::pieces::Pieces;
use crate::Durability;

/// The number of bytes that may always be appended before a new snapshot is due. With this limit, the file of a job that runs in
/// order stays under 4 KiB.
const MIN_TAIL: usize = 3 * 1024;
/// The number of bytes that may always be appended where nothing is synced. Replacing the file then costs as much as a hundred
/// appends, and so has to be that much rarer.
const MIN_UNSYNCED_TAIL: usize = 64 * 1024;

/// Returns how many bytes may follow a snapshot of `snapshot_len` bytes before a new one is due: at least as many as the snapshot
/// has, so that snapshots at most double what is written.
pub fn tail_room(snapshot_len: usize, durability: Durability) -> usize {
    let least = match durability {
        Durability::Power => MIN_TAIL,
        Durability::Process => MIN_UNSYNCED_TAIL,
    };
    snapshot_len.max(least)
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
    pub(crate) fn push(self, record: &impl Framed, checkpoint: &mut Vec<u8>) -> Option<Tail> {
        record.write(self.place, checkpoint).ok()?;
        Some(Tail { place: self.place.at(checkpoint.len()), ..self })
    }

    /// Returns the tail behind one more framed record that is not appended yet, even if there is no room for it.
    #[cfg(target_os = "linux")]
    pub(crate) fn beyond(self, framed: &Pieces) -> Tail {
        Tail { place: self.place.at(self.place.offset + framed.len()), ..self }
    }

    /// Returns the offset of the next record.
    #[cfg(feature = "encrypt")]
    pub(crate) fn end(&self) -> u64 {
        self.place.offset as u64
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
