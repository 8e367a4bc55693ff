//! The protocol of a page: two slots, written in turn, each with a checksum, so that a death at any instruction
//! leaves one whole.

use std::io;

use super::layout::{self, ROOM, WORDS};
use super::memory::Memory;

/// How far one loop has come since what the page lies beside was saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// The loop, by its order in the function.
    pub loop_id: u16,
    /// How many of its items have completed.
    pub count: u64,
    /// The fingerprint of one of them, if taken.
    pub fingerprint: Option<u32>,
    /// How many completed behind that one, of which there is a fingerprint: fewer than 2^15.
    pub behind: u16,
}

const MOST_BEHIND: u16 = (1 << 15) - 1;

/// Writes a page. It belongs to one thread at a time.
#[derive(Debug)]
pub(super) struct Slots<M> {
    memory: M,
    /// The state that the page counts beside.
    base: u64,
    /// The number of the newest slot.
    sequence: u64,
    /// The record that the newest slot names, and the one that the next will.
    named: Named,
    next: Named,
}

/// A record in one of the areas; of no length if there is none.
#[derive(Clone, Copy, Debug, Default)]
struct Named {
    area: u64,
    len: u32,
    checksum: u32,
}

impl Named {
    fn word(self) -> u64 {
        self.area << 63 | u64::from(self.len) << 32 | u64::from(self.checksum)
    }
}

impl<M: Memory> Slots<M> {
    /// Begins a page in memory that holds no slot yet.
    pub(super) fn new(memory: M, base: u64) -> Self {
        let (named, next) = (Named::default(), Named::default());
        Slots { memory, base, sequence: 0, named, next }
    }

    pub(super) fn memory(&self) -> &M {
        &self.memory
    }

    /// From now on the page counts beside another state, which has all that was in it. Nothing is written: what is
    /// there fits the state before alone.
    pub(super) fn rebase(&mut self, base: u64) {
        self.base = base;
        self.next = Named { len: 0, checksum: 0, ..self.named };
    }

    /// Writes the record that the next slot names. Returns whether there is room for it.
    pub(super) fn write_record(&mut self, record: &[u8]) -> io::Result<bool> {
        let Some(len) = u32::try_from(record.len()).ok().filter(|_| record.len() <= ROOM) else {
            return Ok(false);
        };
        // Never where the newest slot's lies.
        let area = self.named.area ^ 1;
        let start = layout::area(area).start;
        self.memory.write(start, record);
        self.memory.publish(start..start + record.len())?;
        self.next = Named { area, len, checksum: crc32fast::hash(record) };
        Ok(true)
    }

    /// Writes a slot: how far a loop has come behind the record.
    #[inline]
    pub(super) fn advance(&mut self, to: Advanced) -> io::Result<()> {
        let sequence = self.sequence + 1;
        let (has_mark, mark) = (u64::from(to.fingerprint.is_some()), to.fingerprint.unwrap_or(0));
        let behind = u64::from(to.behind & MOST_BEHIND);
        let last = u64::from(to.loop_id) << 48 | behind << 33 | has_mark << 32 | u64::from(mark);
        let words = [sequence, self.base, to.count, last, self.next.word(), 0];
        let bytes = layout::slot(sequence);
        for (at, word) in words.iter().enumerate() {
            self.memory.store(bytes.start + 8 * at, *word);
        }
        self.memory.store(bytes.start + 8 * WORDS, layout::checksum(&words));
        self.memory.publish(bytes)?;
        (self.sequence, self.named) = (sequence, self.next);
        Ok(())
    }
}

/// The content of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Said<'p> {
    /// What else has changed, as it was written.
    pub record: &'p [u8],
    /// How far the loop has come behind that.
    pub advanced: Advanced,
}

/// Returns what the newest whole slot says that counts beside `base`, under that boot.
pub(super) fn read<'p>(
    page: &'p [u8],
    boot: &[u8; layout::BOOT_LEN],
    base: u64,
) -> Option<Said<'p>> {
    if page.get(..layout::HEADER_LEN)? != layout::header(boot) {
        return None;
    }
    let slots = [0, 1].into_iter().filter_map(|index| slot(page, index, base));
    slots.max_by_key(|(sequence, _)| *sequence).map(|(_, said)| said)
}

fn slot(page: &[u8], index: u64, base: u64) -> Option<(u64, Said<'_>)> {
    let (chunks, []) = page.get(layout::slot(index))?.as_chunks::<8>() else { return None };
    let (&stored, words) = chunks.split_last()?;
    let mut covered = [0; WORDS];
    for (word, bytes) in covered.iter_mut().zip(words) {
        *word = u64::from_le_bytes(*bytes);
    }
    if layout::checksum(&covered) != u64::from_le_bytes(stored) {
        return None;
    }
    let [sequence, of, count, last, named, _] = covered;
    let is_ours = sequence & 1 == index && of == base;
    let record = record(page, named).filter(|_| is_ours)?;
    let advanced = Advanced {
        loop_id: u16::try_from(last >> 48).ok()?,
        count,
        fingerprint: (last >> 32 & 1 == 1).then_some(low(last)),
        behind: u16::try_from(last >> 33 & u64::from(MOST_BEHIND)).ok()?,
    };
    Some((sequence, Said { record, advanced }))
}

fn record(page: &[u8], named: u64) -> Option<&[u8]> {
    let len = usize::try_from(named >> 32 & 0x7fff_ffff).ok()?;
    let record = page.get(layout::area(named >> 63))?.get(..len)?;
    (record.is_empty() || crc32fast::hash(record) == low(named)).then_some(record)
}

/// The lower half.
#[expect(clippy::cast_possible_truncation, reason = "the upper half is read apart")]
fn low(word: u64) -> u32 {
    word as u32
}
