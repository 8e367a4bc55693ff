//! Tests with damaged files: cut off, with a flipped bit, with sectors zeroed or from an older file. A damaged file decodes to
//! a state that was saved, or to an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sample::dice::Dice;
use crate::sample::subset::each_subset;
use crate::sample::{self, JOB, storm};
use crate::{Backend, Checkpoint, LeaseOptions, MemoryBackend, Store};

/// A file, and the states that were saved in it, each with the file's length at that time.
struct Saved {
    bytes: Vec<u8>,
    states: Vec<(usize, Checkpoint)>,
}

impl Saved {
    /// Runs a job from the last state of `before`, with saves up to the next snapshot.
    fn random(before: Option<&Saved>, dice: &mut Dice) -> Saved {
        let backend = Arc::new(MemoryBackend::default());
        let found = before.and_then(|saved| saved.states.last()).map(|(_, state)| state.clone());
        let opening = Store::open(Arc::clone(&backend) as _, JOB, LeaseOptions::default()).unwrap();
        let mut store = opening.begin(sample::begin(found, dice)).unwrap();
        let mut saved = Saved { bytes: Vec::new(), states: Vec::new() };
        for _ in 0..dice.up_to(40) {
            let bytes = backend.load(JOB).unwrap().unwrap();
            if !bytes.starts_with(&saved.bytes) {
                break;
            }
            saved.states.push((bytes.len(), store.checkpoint().clone()));
            saved.bytes = bytes;
            store.save(sample::change(dice)).unwrap();
        }
        saved
    }

    fn holds(&self, state: &Checkpoint) -> bool {
        self.states.iter().any(|(_, saved)| saved == state)
    }

    fn truncations(&self, decodes: &AtomicU64) {
        for len in 0..self.bytes.len() {
            let whole = self.states.iter().rfind(|(end, _)| *end <= len).map(|(_, state)| state);
            let found = decode(&self.bytes[..len], decodes);
            assert_eq!(found.as_ref(), whole, "cut at {len}");
        }
    }

    /// Flips each bit. A flip in the last record leads to the state before; any other is an error.
    fn flips(&self, decodes: &AtomicU64) {
        let mut bytes = self.bytes.clone();
        let before = self.states.iter().rev().nth(1);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let expected = before.filter(|(end, _)| *end <= bit / 8).map(|(_, state)| state);
            assert_eq!(decode(&bytes, decodes).as_ref(), expected, "flipped bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    fn zeroed_sectors(&self, decodes: &AtomicU64) {
        for (start, len) in (0..self.bytes.len()).flat_map(|start| [(start, 64), (start, 512)]) {
            let mut bytes = self.bytes.clone();
            bytes.iter_mut().skip(start).take(len).for_each(|byte| *byte = 0);
            let found = decode(&bytes, decodes);
            assert!(found.is_none_or(|state| self.holds(&state)), "zeroed {len} from {start}");
        }
    }

    fn sector_mixes(&self, older: &Saved, dice: &mut Dice, decodes: &AtomicU64) {
        for sector in [16, 64, 512] {
            let count = self.bytes.len().div_ceil(sector);
            each_subset(count, dice, |new| {
                let mut bytes = older.bytes.clone();
                bytes.resize(self.bytes.len().max(bytes.len()), 0);
                let sectors = bytes.chunks_mut(sector).zip(self.bytes.chunks(sector));
                let taken = sectors.zip(new).filter(|(_, new)| **new);
                taken.for_each(|((old, new), _)| old[..new.len()].copy_from_slice(new));
                let found = decode(&bytes, decodes);
                assert!(found.is_none_or(|state| self.holds(&state) || older.holds(&state)));
            });
        }
    }
}

/// Decodes a checkpoint, and drops the kind of the error: it matters only that the damage is noticed.
fn decode(bytes: &[u8], decodes: &AtomicU64) -> Option<Checkpoint> {
    decodes.fetch_add(1, Ordering::Relaxed);
    Checkpoint::decode(bytes).ok()
}

#[test]
fn a_damaged_file_holds_a_state_that_was_saved_or_is_an_error() {
    let decodes = AtomicU64::new(0);
    storm(60, |seed| {
        let mut dice = Dice::new(seed);
        let older = Saved::random(None, &mut dice);
        let saved = Saved::random(Some(&older), &mut dice);
        saved.truncations(&decodes);
        saved.flips(&decodes);
        saved.zeroed_sectors(&decodes);
        saved.sector_mixes(&older, &mut dice, &decodes);
    });
    let decodes = decodes.into_inner();
    println!("{decodes} decodes");
    assert!(decodes > 1_500_000, "only {decodes} decodes");
}
