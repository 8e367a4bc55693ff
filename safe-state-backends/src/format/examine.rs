//! The examination of a damaged checkpoint: which of its records can be saved.

use super::error::damaged;
use super::frame::{self, Frame, Frames};
use super::log::no_snapshot;
use super::{FormatError, Record, kind, record};
use crate::Checkpoint;
use crate::checkpoint::apply::apply;

/// The contents of a possibly damaged checkpoint, record by record.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The records that are whole and were read, in order. The first is the snapshot.
    pub records: Vec<Examined>,
    /// The state after the last of these records; `None` without a snapshot.
    pub saved: Option<Checkpoint>,
    /// The damage; `None` for a sound checkpoint.
    pub damage: Option<FormatError>,
    /// The number of bytes of a torn save behind the records. Allocated zeros do not count.
    pub torn: u64,
}

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// The record's offset in bytes.
    pub offset: u64,
    /// The record's length in bytes, with its frame.
    pub len: u64,
    /// The record's kind.
    pub kind: RecordKind,
}

/// The kinds of records in a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// The whole state.
    Snapshot,
    /// Items that completed in order.
    Advance,
    /// Any other change.
    Change,
    /// A change with items that completed in any order.
    SideBySide,
    /// Items by which a loop's input is recognised.
    Samples,
    /// The fingerprints of the arguments that belong to the job.
    Arguments,
    /// Items that were handed out and had not completed.
    InFlight,
    /// The slices into which a loop is cut.
    Slices,
    /// The value of a variable at the end of a slice.
    Merge,
    /// The timings of items and saves.
    Timings,
}

/// Reads as much as can be trusted: the records up to the first unreadable one. A record behind a lost one would be applied to
/// another state than it was made for.
///
/// # Errors
///
/// The bytes are something else than a checkpoint, or of a newer format.
pub fn examine(bytes: &[u8]) -> Result<Examination, FormatError> {
    let (mut frames, mut damage) = match Frames::open(bytes) {
        Ok(frames) => (frames, None),
        Err(damage @ FormatError::Damaged { .. }) => (Frames::behind_header(bytes), Some(damage)),
        Err(error) => return Err(error),
    };
    let mut examination = Examination { records: Vec::new(), saved: None, damage: None, torn: 0 };
    loop {
        let next = frames.next_frame();
        let read = next.and_then(|next| next.map_or(Ok(false), |frame| examination.take(&frame)));
        match read {
            Ok(true) => {}
            Ok(false) => break,
            Err(error @ (FormatError::OtherKind(_) | FormatError::Encrypted)) => return Err(error),
            Err(error) => {
                damage = damage.or(Some(error));
                break;
            }
        }
    }
    let snapshot_is_lost = || damaged(frame::HEADER_LEN, "the snapshot is cut off or damaged");
    let is_lost = examination.saved.is_none();
    examination.damage = damage.or_else(|| is_lost.then(snapshot_is_lost));
    if examination.damage.is_none() {
        examination.torn = frames.rest_in_use();
    }
    Ok(examination)
}

impl Examination {
    /// Reads the record in a frame and applies it. Returns `true`.
    fn take(&mut self, frame: &Frame<'_>) -> Result<bool, FormatError> {
        let kind = match (&mut self.saved, frame.kind) {
            (None, kind::SNAPSHOT) => {
                self.saved = Some(record::snapshot(frame.payload, frame.offset)?);
                RecordKind::Snapshot
            }
            (None, kind) => return Err(no_snapshot(kind, frame.offset)),
            (Some(checkpoint), _) => {
                let record = record::decode(frame)?;
                let kind = match &record {
                    Record::Change(change) if change.is_side_by_side() => RecordKind::SideBySide,
                    Record::Advance(_) => RecordKind::Advance,
                    Record::Samples(_) => RecordKind::Samples,
                    Record::Arguments(_) => RecordKind::Arguments,
                    Record::InFlight(_) => RecordKind::InFlight,
                    Record::Slices(_) => RecordKind::Slices,
                    Record::Merge(_) => RecordKind::Merge,
                    Record::Timings(_) => RecordKind::Timings,
                    // Only the first record can be a snapshot here.
                    Record::Change(_) | Record::Snapshot(_) => RecordKind::Change,
                };
                apply(checkpoint, record).map_err(|what| damaged(frame.offset, what))?;
                kind
            }
        };
        let len = frame::FRAME_LEN + frame.payload.len();
        self.records.push(Examined { offset: frame.offset as u64, len: len as u64, kind });
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::format::Change;
    use crate::{Backend, LeaseOptions, MemoryBackend, Store};

    /// Returns a file with a snapshot and ten advances, and the state after each.
    fn saved() -> (Vec<u8>, Vec<Checkpoint>) {
        let backend = Arc::new(MemoryBackend::default());
        let opening = Store::open(Arc::clone(&backend) as _, "j", LeaseOptions::default()).unwrap();
        let mut store = opening.begin(Checkpoint::new("j", None)).unwrap();
        let mut states = vec![store.checkpoint().clone()];
        for count in 1..=10 {
            store.save(Change::completed(count)).unwrap();
            states.push(store.checkpoint().clone());
        }
        (backend.load("j").unwrap().unwrap(), states)
    }

    #[test]
    fn a_sound_file_is_found_sound() {
        let (mut bytes, states) = saved();
        bytes.resize(bytes.len() + 100, 0);
        let found = examine(&bytes).unwrap();
        assert_eq!((found.damage, found.torn, found.records.len()), (None, 0, 11));
        assert_eq!(found.saved.as_ref(), states.last());
    }

    #[test]
    fn what_stands_before_the_damage_is_saved_and_nothing_else() {
        let (bytes, states) = saved();
        let sound = examine(&bytes).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Ok(found) = examine(&flipped) else {
                assert!(bit / 8 < 8, "only the magic makes it another's: bit {bit}");
                continue;
            };
            let whole =
                sound.records.iter().take_while(|it| it.offset + it.len <= (bit / 8) as u64);
            let before = if bit / 8 < frame::HEADER_LEN { 11 } else { whole.count() };
            assert_eq!(
                found.saved.as_ref(),
                before.checked_sub(1).map(|at| &states[at]),
                "bit {bit}"
            );
            assert_eq!(found.records.len(), before);
            // A flipped bit in the last record looks like a torn save.
            assert_eq!(found.damage.is_none(), before == 10, "bit {bit}");
        }
    }

    #[test]
    fn a_torn_save_is_no_damage() {
        let (bytes, states) = saved();
        let found = examine(&bytes[..bytes.len() - 1]).unwrap();
        assert!(found.damage.is_none() && found.torn > 0);
        assert_eq!(found.saved.as_ref(), Some(&states[9]));
    }
}
