//! What is left of a checkpoint that was damaged.

use super::frame::{self, Frame, Frames};
use super::{FormatError, Record, damaged, record};
use crate::Checkpoint;

/// What bytes that were a checkpoint hold, record by record.
#[derive(Clone, Debug)]
pub struct Examination {
    /// The records that are whole and were read, in order. The first is the snapshot.
    pub records: Vec<Examined>,
    /// The state after the last of them; `None` without a snapshot.
    pub saved: Option<Checkpoint>,
    /// What is wrong; `None` with a sound checkpoint.
    pub damage: Option<FormatError>,
    /// How many bytes of a save that was torn follow; allocated zeros are none.
    pub torn: u64,
}

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// Where it stands.
    pub offset: u64,
    /// How long it is, with its frame.
    pub len: u64,
    /// Its kind.
    pub kind: RecordKind,
}

/// The kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// The whole state.
    Snapshot,
    /// Items that completed in order.
    Advance,
    /// Anything else that changed.
    Change,
    /// The same, with items that completed in any order.
    SideBySide,
    /// Items to know a loop's input by.
    Samples,
    /// What belongs to the job of its arguments.
    Arguments,
    /// Items that were handed out and had not completed.
    InFlight,
    /// How a loop is cut into slices.
    Slices,
    /// What a variable was at the end of a slice.
    Merge,
}

/// Reads as much as can be trusted: the records up to the first that can't. What comes behind one that is
/// lost would be added to another state than it was made for.
///
/// # Errors
///
/// The bytes are of something else than a checkpoint, or of a newer format.
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
    /// Takes in the next record. Says that there was one.
    fn take(&mut self, frame: &Frame<'_>) -> Result<bool, FormatError> {
        let kind = match (&mut self.saved, frame.kind) {
            (None, record::SNAPSHOT) => {
                self.saved = Some(record::snapshot(frame.payload, frame.offset)?);
                RecordKind::Snapshot
            }
            (None, kind) => return Err(super::no_snapshot(kind, frame.offset)),
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
                    // What a snapshot is, it is in the first record alone.
                    Record::Change(_) | Record::Snapshot(_) => RecordKind::Change,
                };
                checkpoint.apply(record).map_err(|what| damaged(frame.offset, what))?;
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

    /// A file of a snapshot and ten advances, and the state after each.
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
            // A flip in the last record is as a save that was torn.
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
