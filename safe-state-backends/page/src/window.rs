//! The window of a page: items of a loop that have completed in any order, a bit for each. The thread that has ended an item
//! sets its bit.

use std::io;
use std::ops::Range;

use super::layout::{self, MOST_BEHIND, WINDOW, WINDOW_LEN, WINDOW_WORDS, WORD_ITEMS};
use super::memory::Memory;

/// A window, as those who end items hold it. Any thread may do so.
#[derive(Clone, Debug)]
pub(super) struct Bits<M> {
    memory: M,
    number: u32,
}

/// The window of the slots to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) number: u32,
    pub(super) loop_id: u16,
    /// The index before which all items are complete.
    pub(super) start: u64,
    /// The lowest start that a slot in the page names: a word that has items from there on is kept.
    named: u64,
    /// The index before which the items have words; a multiple of [`WORD_ITEMS`].
    end: u64,
}

impl<M: Memory> Bits<M> {
    pub(super) fn new(memory: M, number: u32) -> Self {
        Bits { memory, number }
    }

    pub(super) fn memory(&self) -> &M {
        &self.memory
    }

    /// Notes that an item is complete. Returns `false` if the window does not have the item.
    #[inline]
    pub(super) fn complete(&self, index: u64) -> io::Result<bool> {
        add(&self.memory, self.number, index / WORD_ITEMS, bit(index))
    }

    /// Returns whether the window says that an item is complete.
    #[inline]
    pub(super) fn contains(&self, index: u64) -> bool {
        let known = items(&self.memory, self.number, index / WORD_ITEMS);
        known.is_some_and(|items| items & bit(index) != 0)
    }
}

/// Returns the items of a word of the window `number`, if it has the word.
#[inline]
fn items<M: Memory>(memory: &M, number: u32, word: u64) -> Option<u32> {
    layout::items_of(memory.load(layout::window_word(word)), number, word)
}

/// Adds complete items to a word of the window `number`. Returns `false` if it does not have the word.
#[inline]
fn add<M: Memory>(memory: &M, number: u32, word: u64, complete: u32) -> io::Result<bool> {
    let at = layout::window_word(word);
    loop {
        let before = memory.load(at);
        let Some(known) = layout::items_of(before, number, word) else { return Ok(false) };
        let after = layout::checked(number, word, known | complete);
        if after == before || memory.exchange(at, before, after)? {
            return Ok(true);
        }
    }
}

impl Open {
    /// Creates the window of a loop whose items before `start` are complete. No item has a word yet.
    pub(super) fn new(number: u32, loop_id: u16, start: u64) -> Self {
        Open { number, loop_id, start, named: start, end: start - start % WORD_ITEMS }
    }

    /// Gives the item `index` a word, and all before it. Returns `false` if the window has no room for it.
    pub(super) fn make_room<M: Memory>(&mut self, memory: &M, index: u64) -> io::Result<bool> {
        while self.end <= index {
            let word = self.end / WORD_ITEMS;
            if word - self.named / WORD_ITEMS >= WINDOW_WORDS {
                return Ok(false);
            }
            let at = layout::window_word(word);
            memory.store(at, layout::checked(self.number, word, 0));
            memory.publish(at..at + 8)?;
            self.end += WORD_ITEMS;
        }
        Ok(true)
    }

    /// Notes that the items of `ranges` are complete, which a record says, or the state beside the page.
    pub(super) fn add<M: Memory>(
        &mut self,
        memory: &M,
        ranges: impl Iterator<Item = Range<u64>>,
    ) -> io::Result<()> {
        let start = self.start;
        for range in ranges.skip_while(|range| range.end <= start) {
            if range.start <= self.start {
                self.start = self.start.max(range.end);
                self.end = self.end.max(self.start - self.start % WORD_ITEMS);
                continue;
            }
            let (first, last) = (range.start, range.end.min(self.end));
            if first >= last {
                break;
            }
            for word in first / WORD_ITEMS..=(last - 1) / WORD_ITEMS {
                let of_word = word * WORD_ITEMS;
                let (from, to) = (first.max(of_word), last.min(of_word + WORD_ITEMS));
                let items = (from..to).fold(0, |items, index| items | bit(index));
                add(memory, self.number, word, items)?;
            }
        }
        Ok(())
    }

    /// Finds out up to where all items are complete. Returns how many items from there on have begun, if those before `begun`
    /// have.
    pub(super) fn move_on<M: Memory>(&mut self, memory: &M, begun: u64) -> u64 {
        while self.start < self.end {
            let word = self.start / WORD_ITEMS;
            let items = items(memory, self.number, word).unwrap_or(0);
            let complete = u64::from((items >> (self.start % WORD_ITEMS)).trailing_ones());
            self.start += complete;
            if complete == 0 || !self.start.is_multiple_of(WORD_ITEMS) {
                break;
            }
        }
        begun.min(self.end).saturating_sub(self.start)
    }

    /// Returns what stands for the index of a complete item, with its fingerprint: how many items from there to the end of the
    /// window are behind it. `None` if the item is too far from there.
    pub(super) fn behind(&self, (index, fingerprint): (u64, u32)) -> Option<(u16, u32)> {
        let behind = (self.start + WINDOW - 1).checked_sub(index)?;
        let behind = u16::try_from(behind).ok().filter(|behind| *behind <= MOST_BEHIND)?;
        Some((behind, fingerprint))
    }

    /// Notes that a slot which names the start is in the page.
    pub(super) fn is_named(&mut self) {
        self.named = self.start;
    }
}

#[inline]
fn bit(index: u64) -> u32 {
    1 << (index % WORD_ITEMS)
}

/// Items of a loop that completed in any order, and that a page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The index before which all items are complete.
    pub start: u64,
    /// The index before which the items had begun when the slot was written.
    pub begun: u64,
    /// The index of a complete item, and its fingerprint.
    pub mark: Option<(u64, u32)>,
    words: [u32; WINDOW_LEN],
}

impl Beside {
    /// Returns the complete items behind the start, in order.
    pub fn complete(&self) -> impl Iterator<Item = u64> {
        let words = (self.start / WORD_ITEMS..).zip(self.in_order());
        let items = words.flat_map(|(word, items)| {
            let first = word * WORD_ITEMS;
            (first..first + WORD_ITEMS).filter(move |index| items & bit(*index) != 0)
        });
        items.filter(|index| *index >= self.start)
    }

    /// Returns the words from the start on.
    fn in_order(&self) -> impl Iterator<Item = u32> {
        let first = usize::try_from(self.start / WORD_ITEMS % WINDOW_WORDS).unwrap_or(0);
        let (before, behind) = self.words.split_at_checked(first).unwrap_or_default();
        behind.iter().chain(before).copied()
    }

    /// Reads the window `number` of a page. Returns `None` if a word of the items that had begun is not whole.
    pub(super) fn read(
        page: &[u8],
        number: u32,
        (loop_id, start): (u16, u64),
        begun: u64,
        mark: Option<(u16, u32)>,
    ) -> Option<Beside> {
        // No index of the window, or of the words before it, is out of range. A window has a word for each item that had begun.
        let behind_all = start.checked_add(2 * WINDOW)?;
        let begun = (begun <= WINDOW).then(|| start + begun)?;
        let mark = match mark {
            Some((behind, fingerprint)) => {
                Some(((behind_all - WINDOW).checked_sub(1 + u64::from(behind))?, fingerprint))
            }
            None => None,
        };
        let mut words = [0; WINDOW_LEN];
        let first = start / WORD_ITEMS;
        for word in first..first + WINDOW_WORDS {
            let stored: &[u8; 8] = page.get(layout::window_word(word)..)?.first_chunk()?;
            let items = layout::items_of(u64::from_le_bytes(*stored), number, word);
            if items.is_none() && word * WORD_ITEMS < begun && start < begun {
                return None;
            }
            let at = usize::try_from(word % WINDOW_WORDS).ok()?;
            *words.get_mut(at)? = items.unwrap_or(0);
        }
        Some(Beside { loop_id, start, begun, mark, words })
    }
}
