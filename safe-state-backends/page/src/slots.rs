//! The protocol of a page: two slots, written in turn, each with a checksum. So a death at any instruction leaves one of them
//! whole.

use std::io;
use std::ops::Range;

use super::layout::{self, KEY_LIMIT, MOST_BEHIND, WORDS};
use super::memory::Memory;
use super::window::{Beside, Bits, Open};

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
    windows: Windows,
}

/// The windows of a page, of which at most one is open.
#[derive(Clone, Copy, Debug, Default)]
struct Windows {
    open: Option<Open>,
    /// The number of windows so far.
    count: u32,
    /// The number of the window that the newest slot names.
    named: Option<u32>,
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
        let (records, keys) = (Bytes::default(), Keys::default());
        Slots { memory, base, sequence: 0, records, keys, windows: Windows::default() }
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
        let last = last_word(to.loop_id, to.fingerprint.map(|mark| (to.behind, mark)));
        let parts = u64::from(keys.made_by) << 32
            | u64::from(to.has_cursor) << 31
            | (longer.count as u64) << 16
            | values.len() as u64;
        self.write_slot([to.count, last, parts], of_values.wrapping_add(longer.sum))?;
        (self.keys, self.windows.named) = (longer, None);
        Ok(true)
    }

    /// Writes the next slot: its words 3, 4 and 6. `of_others` is the part of its checksum of what belongs to it.
    #[inline]
    fn write_slot(&mut self, [count, last, parts]: [u64; 3], of_others: u64) -> io::Result<()> {
        let sequence = self.sequence + 1;
        let Base { number, end } = self.base;
        let words = [sequence, number, end, count, last, self.records.word(), parts];
        let bytes = layout::slot(sequence);
        for (at, word) in words.iter().enumerate() {
            self.memory.store(bytes.start + 8 * at, *word);
        }
        self.memory.store(bytes.start + 8 * WORDS, layout::checksum(&words, of_others));
        self.memory.publish(bytes)?;
        self.sequence = sequence;
        Ok(())
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

/// The window.
impl<M: Memory + Clone> Slots<M> {
    /// Opens a window for the items of a loop of which those before `start` are complete. Returns it for those who end items;
    /// `None` while the newest slot names another window, whose words are kept.
    pub(super) fn open_window(&mut self, loop_id: u16, start: u64) -> Option<Bits<M>> {
        let Windows { count, named: None, .. } = self.windows else { return None };
        let number = count.checked_add(1)?;
        self.windows.open = Some(Open::new(number, loop_id, start));
        self.windows.count = number;
        Some(Bits::new(self.memory.clone(), number))
    }

    /// Closes the window: from the next slot on, the page does not have it any more.
    pub(super) fn close_window(&mut self) {
        self.windows.open = None;
    }

    /// Gives an item a place in the window, which is about to begin. Returns whether the window has room for it.
    #[inline]
    pub(super) fn make_room(&mut self, index: u64) -> io::Result<bool> {
        match &mut self.windows.open {
            Some(open) => open.make_room(&self.memory, index),
            None => Ok(false),
        }
    }

    /// Notes in the window which items are complete by a record, or by the state beside the page.
    pub(super) fn add_to_window(
        &mut self,
        complete: impl Iterator<Item = Range<u64>>,
    ) -> io::Result<()> {
        let Some(open) = &mut self.windows.open else { return Ok(()) };
        open.add(&self.memory, complete)
    }

    /// Writes a slot with the window behind the records. The items before `begun` have begun; `mark` is the index of one that
    /// is complete, and its fingerprint. Returns `false` if no window is open.
    pub(super) fn advance_window(
        &mut self,
        begun: u64,
        mark: Option<(u64, u32)>,
    ) -> io::Result<bool> {
        let Some(mut open) = self.windows.open else { return Ok(false) };
        let in_flight = open.move_on(&self.memory, begun);
        let last = last_word(open.loop_id, mark.and_then(|mark| open.behind(mark)));
        let parts = u64::from(open.number) << 32 | in_flight << 16 | HAS_WINDOW;
        self.write_slot([open.start, last, parts], 0)?;
        open.is_named();
        self.windows = Windows { open: Some(open), named: Some(open.number), ..self.windows };
        self.keys = Keys::default();
        Ok(true)
    }
}

/// The bit of the word 6 that tells a slot with a window.
const HAS_WINDOW: u64 = 1 << 15;

/// Returns the word 4 of a slot: a loop, and what stands for the index of an item, with the item's fingerprint.
#[inline]
fn last_word(loop_id: u16, mark: Option<(u16, u32)>) -> u64 {
    let mark = mark.map_or(0, |(behind, fingerprint)| {
        u64::from(behind & MOST_BEHIND) << 33 | 1 << 32 | u64::from(fingerprint)
    });
    u64::from(loop_id) << 48 | mark
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
    /// The items of a loop that completed in any order. `advanced`, `keys` and `values` then say nothing.
    pub window: Option<Beside>,
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
    if parts & HAS_WINDOW != 0 {
        let named = [sequence, number, end, count, last, records, parts];
        return of_window(page, named, u64::from_le_bytes(stored))
            .filter(|_| sequence & 1 == index);
    }
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
    let (loop_id, mark) = of_last_word(last)?;
    let advanced = Advanced {
        loop_id,
        count,
        fingerprint: mark.map(|(_, fingerprint)| fingerprint),
        behind: u16::try_from(last >> 33 & u64::from(MOST_BEHIND)).ok()?,
        has_cursor: parts >> 31 & 1 == 1,
    };
    let made_by = u32::try_from(parts >> 32).ok()?;
    let base = Base { number, end };
    Some((sequence, Said { base, records, advanced, made_by, keys, values, window: None }))
}

/// Reads a slot with a window, of which `words` are the words before its checksum `stored`.
fn of_window(page: &[u8], words: [u64; WORDS], stored: u64) -> Option<(u64, Said<'_>)> {
    if layout::checksum(&words, 0) != stored {
        return None;
    }
    let [sequence, number, end, start, last, records, parts] = words;
    let records = named(page.get(layout::records_of_any_version())?, records)?;
    let (loop_id, mark) = of_last_word(last)?;
    let window = u32::try_from(parts >> 32).ok()?;
    let window = Beside::read(page, window, (loop_id, start), parts >> 16 & 0x7fff, mark)?;
    let base = Base { number, end };
    let (advanced, made_by, window) = (Advanced::default(), 0, Some(window));
    Some((sequence, Said { base, records, advanced, made_by, keys: &[], values: &[], window }))
}

/// Reads the word 4 of a slot: see [`last_word`].
fn of_last_word(last: u64) -> Option<(u16, Option<(u16, u32)>)> {
    let behind = u16::try_from(last >> 33 & u64::from(MOST_BEHIND)).ok()?;
    let mark = (last >> 32 & 1 == 1).then_some((behind, low(last)));
    Some((u16::try_from(last >> 48).ok()?, mark))
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
