//! Tests of a guard that reads while the job writes, in every order that the memory model allows.

use std::ops::Range;
use std::sync::Arc;

use loom::sync::RwLock;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;

use super::said;
use crate::layout::{Layout, UNIT, version_of};
use crate::memory::Memory;
use crate::reader::Snapshot;
use crate::writer::Writer;

/// A memory of only the parts that the test uses, as each atomic adds to the states to explore.
struct Explored {
    layout: Layout,
    header: Vec<AtomicU64>,
    cell: Vec<AtomicU64>,
    units: Vec<RwLock<[u8; UNIT]>>,
}

impl Explored {
    fn new(layout: Layout) -> Self {
        let words = |count| (0..count).map(|_| AtomicU64::new(0)).collect();
        let units = (0..3).map(|_| RwLock::new([0; UNIT])).collect();
        Explored { layout, header: words(11), cell: words(12), units }
    }

    fn word(&self, word: usize) -> &AtomicU64 {
        let cells = version_of(0, 0);
        self.header.get(word).unwrap_or_else(|| &self.cell[word - cells])
    }

    fn unit(&self, bytes: &Range<usize>) -> (&RwLock<[u8; UNIT]>, Range<usize>) {
        let at = bytes.start - self.layout.data().start;
        (&self.units[at / UNIT], at % UNIT..at % UNIT + bytes.len())
    }
}

impl Memory for Explored {
    fn load(&self, word: usize, order: Ordering) -> u64 {
        self.word(word).load(order)
    }

    fn store(&self, word: usize, value: u64, order: Ordering) {
        self.word(word).store(value, order);
    }

    fn exchange(&self, word: usize, current: u64, new: u64) -> Result<u64, u64> {
        self.word(word).compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire)
    }

    fn fence(&self) {
        fence(Ordering::SeqCst);
    }

    fn write<R>(&self, bytes: Range<usize>, write: impl FnOnce(&mut [u8]) -> R) -> R {
        if bytes.is_empty() {
            return write(&mut []);
        }
        let (unit, bytes) = self.unit(&bytes);
        write(&mut unit.try_write().expect("nobody reads what is written")[bytes])
    }

    fn read<R>(&self, bytes: Range<usize>, read: impl FnOnce(&[u8]) -> R) -> R {
        if bytes.is_empty() {
            return read(&[]);
        }
        let (unit, bytes) = self.unit(&bytes);
        read(&unit.try_read().expect("nobody writes what is read")[bytes])
    }
}

fn explore(commits: u64) {
    let mut loom = loom::model::Builder::new();
    loom.preemption_bound = Some(3);
    loom.check(move || {
        let layout = Layout::of(4096).unwrap();
        let memory = Arc::new(Explored::new(layout));
        let shared = Arc::clone(&memory);
        let job = thread::spawn(move || {
            let mut writer = Writer::new(shared, layout);
            for commit in 1..=commits {
                let mut draft = writer.draft();
                draft.insert("k", commit.to_string()).unwrap();
                draft.commit().unwrap();
            }
        });
        let snapshot = Snapshot::take(&*memory, layout);
        let expected = (snapshot.commit > 0).then(|| snapshot.commit.to_string());
        assert_eq!(said(&snapshot).get("k"), expected.as_ref());
        job.join().unwrap();
        // Whatever the reader saw meanwhile, the last commit is seen in the end.
        assert_eq!(said(&Snapshot::take(&*memory, layout))["k"], commits.to_string());
    });
}

#[test]
fn whatever_the_order_a_reader_sees_one_commit() {
    explore(3);
}
