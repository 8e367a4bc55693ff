//! Tests of the protocol on a memory that promises no more than the protocol asks for.

mod death;
// Miri can't switch stacks as loom does.
#[cfg(not(miri))]
mod race;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::Ordering;

use super::layout::Layout;
use super::memory::Memory;
use super::reader::Snapshot;
use super::writer::Writer;

/// The room for data, in bytes.
const CAPACITY: u64 = 4096;

fn layout() -> Layout {
    Layout::of(CAPACITY).unwrap()
}

/// Memory in which all stores after some moment are lost, as when the process is killed then.
#[derive(Debug)]
struct Mortal {
    words: RefCell<Vec<u64>>,
    bytes: RefCell<Vec<u8>>,
    /// The number of stores that still succeed.
    left: Cell<usize>,
}

impl Mortal {
    fn new(left: usize) -> Self {
        let len = layout().len();
        let words = RefCell::new(vec![0; len / 8]);
        Mortal { words, bytes: RefCell::new(vec![0; len]), left: Cell::new(left) }
    }

    /// Counts a store. Returns whether it still succeeds.
    fn lives(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }
}

impl Memory for &Mortal {
    fn load(&self, word: usize, _: Ordering) -> u64 {
        self.words.borrow()[word]
    }

    fn store(&self, word: usize, value: u64, _: Ordering) {
        if self.lives() {
            self.words.borrow_mut()[word] = value;
        }
    }

    fn exchange(&self, word: usize, current: u64, new: u64) -> Result<u64, u64> {
        let found = self.words.borrow()[word];
        if found != current {
            return Err(found);
        }
        self.store(word, new, Ordering::Relaxed);
        Ok(found)
    }

    fn fence(&self) {}

    fn write<R>(&self, bytes: Range<usize>, write: impl FnOnce(&mut [u8]) -> R) -> R {
        let mut all = self.bytes.borrow_mut();
        let before = all[bytes.clone()].to_vec();
        let written = write(&mut all[bytes.clone()]);
        // The process may die before any byte is written, in the middle, or after all.
        let kept = [0, bytes.len() / 2].into_iter().find(|_| !self.lives());
        if let Some(kept) = kept {
            all[bytes][kept..].copy_from_slice(&before[kept..]);
        }
        written
    }

    fn read<R>(&self, bytes: Range<usize>, read: impl FnOnce(&[u8]) -> R) -> R {
        read(&self.bytes.borrow()[bytes])
    }
}

/// Returns the values of a snapshot's entries.
fn said(snapshot: &Snapshot) -> BTreeMap<String, String> {
    assert_eq!(snapshot.lost, 0);
    let entries = snapshot.entries.iter();
    entries.map(|(key, value)| (key.clone(), super::entry::value(key, value).unwrap())).collect()
}

#[test]
fn random_changes_are_read_as_they_were_made() {
    let memory = Mortal::new(usize::MAX);
    let mut writer = Writer::new(&memory, layout());
    let mut random = fastrand::Rng::with_seed(3);
    let mut expected = BTreeMap::<String, String>::new();
    for _ in 0..if cfg!(miri) { 20 } else { 5_000 } {
        let mut changed = expected.clone();
        let mut draft = writer.draft();
        for _ in 0..random.usize(1..4) {
            let key = random.usize(..5).to_string();
            if random.u8(..3) == 0 {
                assert_eq!(draft.remove(&key), changed.remove(&key).is_some());
            } else {
                let value = "x".repeat(random.usize(..120));
                draft.insert(&key, &value).unwrap();
                changed.insert(key, value);
            }
        }
        // A guard may be reading at the same time.
        let pinned = random.bool();
        let word = super::layout::word::PINNED;
        (&memory).store(word, if pinned { super::layout::ASKED } else { 0 }, Ordering::Relaxed);
        if random.bool() {
            draft.commit().unwrap();
            expected = changed;
        } else {
            drop(draft);
        }
        assert_eq!(said(&Snapshot::take(&&memory, layout())), expected);
        let keys: Vec<&str> = writer.keys().collect();
        assert_eq!(keys.len(), expected.len(), "{keys:?}");
    }
}

#[test]
fn a_change_that_fails_undoes_the_others() {
    let memory = Mortal::new(usize::MAX);
    let mut writer = Writer::new(&memory, layout());
    let mut draft = writer.draft();
    draft.insert("a", "1").unwrap();
    draft.commit().unwrap();
    let mut draft = writer.draft();
    draft.insert("a", "2").unwrap();
    draft.insert("b", "x".repeat(5000)).unwrap_err();
    draft.commit().unwrap_err();
    assert_eq!(said(&Snapshot::take(&&memory, layout())), [("a".into(), "1".into())].into());
}

#[test]
fn what_has_been_written_over_is_told_and_never_read() {
    for at in layout().data().take(200).step_by(if cfg!(miri) { 37 } else { 1 }) {
        let memory = Mortal::new(usize::MAX);
        let mut writer = Writer::new(&memory, layout());
        let mut draft = writer.draft();
        draft.insert("key", "value").unwrap();
        draft.insert("other", "y".repeat(90)).unwrap();
        draft.commit().unwrap();
        memory.bytes.borrow_mut()[at] ^= 0x40;
        let snapshot = Snapshot::take(&&memory, layout());
        assert_eq!(snapshot.entries.len() + snapshot.lost, 2);
        for (key, value) in said(&Snapshot { lost: 0, ..snapshot }) {
            let expected = if key == "key" { "value".to_owned() } else { "y".repeat(90) };
            assert_eq!(value, expected);
        }
    }
}

#[test]
fn words_that_have_been_written_over_do_no_harm() {
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..if cfg!(miri) { 2 } else { 300 } {
        let memory = Mortal::new(usize::MAX);
        let mut writer = Writer::new(&memory, layout());
        let mut draft = writer.draft();
        draft.insert("key", "value").unwrap();
        draft.commit().unwrap();
        let words = memory.words.borrow().len();
        for _ in 0..40 {
            let word = if random.bool() { random.usize(..16) } else { random.usize(..words) };
            memory.words.borrow_mut()[word] = random.u64(..) >> random.u32(..64);
        }
        for (key, value) in Snapshot::take(&&memory, layout()).entries {
            let value: String = super::entry::value(&key, &value).unwrap();
            assert_eq!((&*key, &*value), ("key", "value"));
        }
    }
}
