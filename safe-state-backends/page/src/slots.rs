//! The protocol of a page: two slots, written in turn, each with a checksum. So a death at any instruction leaves one of them
//! whole.

use std::io;

use super::layout::{self, KEY_LIMIT, WORDS};
use super::memory::Memory;

/// The progress of one loop since the page's base was saved, behind the records in the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The number of the loop's items that have completed.
    pub count: u64,
    /// The fingerprint of one of these items, if it was taken.
    pub fingerprint: Option<u32>,
    /// The number of items that completed behind the one with the fingerprint: fewer than 2^15.
    pub behind: u16,
    /// Whether the first of the values is the cursor of the last of these items.
    pub has_cursor: bool,
}

/// The keys of the items that a loop has completed behind the records in a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoopKeys<'k> {
    /// A fingerprint of the way in which the keys are made.
    pub made_by: u32,
    /// The hashes of the keys, in the order in which the items completed.
    pub complete: &'k [u64],
    /// The hash of one more key, behind the others.
    pub next: Option<u64>,
}

impl LoopKeys<'_> {
    fn len(&self) -> usize {
        self.complete.len() + usize::from(self.next.is_some())
    }

    /// Returns the keys from the number `first` on.
    #[inline]
    fn from(&self, first: usize) -> impl Iterator<Item = u64> {
        self.complete.iter().copied().chain(self.next).skip(first)
    }
}

const MOST_BEHIND: u16 = (1 << 15) - 1;

/// The state that a page counts beside: the first bytes of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The number of the state, by [`number`](crate::number).
    pub number: u64,
    /// The length of the state in bytes, from the start of the file.
    pub end: u64,
}

/// The writer of a page. One thread at a time uses it.
#[derive(Debug)]
pub(super) struct Slots<M> {
    memory: M,
    base: Base,
    /// The number of the newest slot.
    sequence: u64,
    /// The records in the page, behind the base.
    records: Bytes,
    keys: Keys,
}

/// The keys that the newest slot covers: their number, and their part of its checksum.
#[derive(Clone, Copy, Debug, Default)]
struct Keys {
    count: usize,
    sum: u64,
}

/// The length of some bytes, and their checksum.
#[derive(Clone, Copy, Debug, Default)]
struct Bytes {
    len: u32,
    checksum: u32,
}

impl Bytes {
    fn word(self) -> u64 {
        u64::from(self.len) << 32 | u64::from(self.checksum)
    }
}

impl<M: Memory> Slots<M> {
    /// Begins a page in memory that holds no slot yet.
    pub(super) fn new(memory: M, base: Base) -> Self {
        Slots { memory, base, sequence: 0, records: Bytes::default(), keys: Keys::default() }
    }

    pub(super) fn memory(&self) -> &M {
        &self.memory
    }

    /// Makes the page count beside another state, which has all that the page held. Writes nothing: the slots in the page fit
    /// only the state before.
    pub(super) fn rebase(&mut self, base: Base) {
        (self.base, self.records, self.keys) = (base, Bytes::default(), Keys::default());
    }

    /// Writes records behind the ones in the page, for the next slot, which has no keys: the records have what the keys told.
    /// Returns whether the page has room for them.
    pub(super) fn append(&mut self, records: &[u8]) -> io::Result<bool> {
        let Bytes { len, checksum } = self.records;
        let area = layout::records();
        let start = area.start + len as usize;
        let end = start + records.len();
        let longer = u32::try_from(end - area.start).ok().filter(|_| end <= area.end);
        let Some(longer) = longer else { return Ok(false) };
        // The records go behind those that the newest slot covers; or that slot holds no more than the file has by now.
        self.memory.write(start, records);
        self.memory.publish(start..end)?;
        let mut hasher = crc32fast::Hasher::new_with_initial(checksum);
        hasher.update(records);
        self.records = Bytes { len: longer, checksum: hasher.finalize() };
        self.keys = Keys::default();
        Ok(true)
    }

    /// Writes a slot with the progress of a loop behind the records, with the keys of its items, and with values. Returns whether
    /// the page has room for them.
    #[inline]
    pub(super) fn advance(
        &mut self,
        to: Advanced,
        keys: LoopKeys<'_>,
        values: &[u8],
    ) -> io::Result<bool> {
        let sequence = self.sequence + 1;
        let area = layout::values(sequence);
        if values.len() > area.len() {
            return Ok(false);
        }
        let Some(longer) = self.write_keys(keys)? else { return Ok(false) };
        let of_values = if values.is_empty() { 0 } else { self.write_values(area.start, values)? };
        let (has_mark, mark) = (u64::from(to.fingerprint.is_some()), to.fingerprint.unwrap_or(0));
        let behind = u64::from(to.behind & MOST_BEHIND);
        let last = u64::from(to.loop_id) << 48 | behind << 33 | has_mark << 32 | u64::from(mark);
        let Base { number, end } = self.base;
        let records = self.records.word();
        let parts = u64::from(keys.made_by) << 32
            | u64::from(to.has_cursor) << 31
            | (longer.count as u64) << 16
            | values.len() as u64;
        let words = [sequence, number, end, to.count, last, records, parts];
        let bytes = layout::slot(sequence);
        for (at, word) in words.iter().enumerate() {
            self.memory.store(bytes.start + 8 * at, *word);
        }
        let checksum = layout::checksum(&words, of_values.wrapping_add(longer.sum));
        self.memory.store(bytes.start + 8 * WORDS, checksum);
        self.memory.publish(bytes)?;
        (self.sequence, self.keys) = (sequence, longer);
        Ok(true)
    }

    /// Writes the keys that the newest slot does not cover, behind those that it does. Returns what the next slot covers; `None`
    /// if the page has no room for them, or holds others.
    #[inline]
    fn write_keys(&self, keys: LoopKeys<'_>) -> io::Result<Option<Keys>> {
        if keys.len() == self.keys.count { Ok(Some(self.keys)) } else { self.write_new_keys(keys) }
    }

    #[inline(never)]
    fn write_new_keys(&self, keys: LoopKeys<'_>) -> io::Result<Option<Keys>> {
        let (Keys { count, sum }, new) = (self.keys, keys.len());
        if new < count || new > KEY_LIMIT {
            return Ok(None);
        }
        let bytes = layout::keys(count, new);
        let mut at = bytes.start;
        let written = keys.from(count).inspect(|key| {
            self.memory.store(at, *key);
            at += 8;
        });
        let sum = sum.wrapping_add(layout::sum_of_keys(written, count));
        // A slot never covers keys that are not all there.
        self.memory.publish(bytes)?;
        Ok(Some(Keys { count: new, sum }))
    }

    /// Writes the values of the next slot. Returns their part of its checksum.
    #[inline]
    fn write_values(&self, start: usize, values: &[u8]) -> io::Result<u64> {
        let mut at = start;
        let of_values = layout::sum_of_values(words(values).inspect(|word| {
            self.memory.store(at, *word);
            at += 8;
        }));
        // A slot never covers values that are not all there.
        self.memory.publish(start..at)?;
        Ok(of_values)
    }
}

/// Returns the words of some bytes. The last one is filled up with zeros.
#[inline]
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    let last = (!rest.is_empty()).then_some(u64::from_le_bytes(last));
    words.iter().map(|word| u64::from_le_bytes(*word)).chain(last)
}

/// The contents of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Said<'p> {
    /// The state that the page counts beside.
    pub base: Base,
    /// Further changes, as framed records.
    pub records: &'p [u8],
    /// The progress of the loop behind the records.
    pub advanced: Advanced,
    /// A fingerprint of the way in which the keys are made.
    pub made_by: u32,
    /// The keys of the items of the loop that completed behind the records, if the loop knows its items by key: their hashes, in
    /// bytes that begin with the lowest.
    pub keys: &'p [[u8; 8]],
    /// Values with which the loop's progress was written, whose meaning is the writer's.
    pub values: &'p [u8],
}

/// Returns the contents of the newest whole slot for which `counts` returns true, if the page was written during `boot`.
pub(super) fn read<'p>(
    page: &'p [u8],
    boot: &[u8; layout::BOOT_LEN],
    counts: impl Fn(&Said<'_>) -> bool,
) -> Option<Said<'p>> {
    let (header, _) = page.split_first_chunk()?;
    if layout::boot(header)? != *boot {
        return None;
    }
    let slots = [0, 1].into_iter().filter_map(|index| slot(page, index));
    let counting = slots.filter(|(_, said)| counts(said));
    counting.max_by_key(|(sequence, _)| *sequence).map(|(_, said)| said)
}

fn slot(page: &[u8], index: u64) -> Option<(u64, Said<'_>)> {
    let (chunks, []) = page.get(layout::slot(index))?.as_chunks::<8>() else { return None };
    let (&stored, content) = chunks.split_last()?;
    let mut covered = [0; WORDS];
    for (word, bytes) in covered.iter_mut().zip(content) {
        *word = u64::from_le_bytes(*bytes);
    }
    let [sequence, number, end, count, last, records, parts] = covered;
    let len = usize::try_from(parts & u64::from(u16::MAX)).ok()?;
    let values = page.get(layout::values(index))?.get(..len)?;
    let of_values = layout::sum_of_values(words(values));
    let key_count = usize::try_from(parts >> 16 & 0x7fff).ok()?;
    let (keys, _) = page.get(layout::keys(0, key_count))?.as_chunks::<8>();
    let of_keys = layout::sum_of_keys(keys.iter().map(|key| u64::from_le_bytes(*key)), 0);
    let checksum = layout::checksum(&covered, of_values.wrapping_add(of_keys));
    if checksum != u64::from_le_bytes(stored) || sequence & 1 != index {
        return None;
    }
    let records = named(page.get(layout::records_of_any_version())?, records)?;
    let advanced = Advanced {
        loop_id: u16::try_from(last >> 48).ok()?,
        count,
        fingerprint: (last >> 32 & 1 == 1).then_some(low(last)),
        behind: u16::try_from(last >> 33 & u64::from(MOST_BEHIND)).ok()?,
        has_cursor: parts >> 31 & 1 == 1,
    };
    let made_by = u32::try_from(parts >> 32).ok()?;
    Some((sequence, Said { base: Base { number, end }, records, advanced, made_by, keys, values }))
}

/// Returns the records at the start of `area` whose length and checksum are in `word`, if they are whole.
fn named(area: &[u8], word: u64) -> Option<&[u8]> {
    let bytes = area.get(..usize::try_from(word >> 32).ok()?)?;
    (bytes.is_empty() || crc32fast::hash(bytes) == low(word)).then_some(bytes)
}

/// Returns the lower half.
#[expect(clippy::cast_possible_truncation, reason = "the upper half is read apart")]
fn low(word: u64) -> u32 {
    word as u32
}
