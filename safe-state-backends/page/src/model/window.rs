//! Items that complete in any order: at any death, the page has each of them that has ended.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use super::super::slots::{Said, Slots, read};
use super::super::window::Bits;
use super::{BASE, BOOT, Found, LATER, Look, Model, checksum_by_the_format};
use crate::layout::WINDOW;
use crate::slots::{Advanced, Base, LoopKeys};

const LOOP: u16 = 3;

/// Returns the complete items of a page, in the window or in records, each of which has the index of one item.
fn complete(page: &[u8], base: Base) -> Option<BTreeSet<u64>> {
    let Said { records, window, .. } = read(page, &BOOT, |said| said.base == base)?;
    let records = records.as_chunks::<8>().0.iter().map(|index| u64::from_le_bytes(*index));
    let mut complete: BTreeSet<u64> = records.collect();
    if let Some(window) = window {
        assert_eq!(window.loop_id, LOOP);
        complete.extend(0..window.start);
        complete.extend(window.complete());
    }
    Some(complete)
}

/// A loop whose items complete in any order, and its page.
struct Watched {
    found: Rc<RefCell<Found>>,
    /// The items that the page must have, and one more that it may have.
    expected: Rc<RefCell<(BTreeSet<u64>, Option<u64>)>>,
    looks: Rc<Cell<bool>>,
    slots: Slots<Model>,
    bits: Option<Bits<Model>>,
    next: u64,
    in_flight: Vec<u64>,
    recorded: u64,
}

impl Watched {
    fn new() -> Self {
        let found = Rc::new(RefCell::new(Found::new()));
        let expected = Rc::new(RefCell::new((BTreeSet::new(), None::<u64>)));
        let looks = Rc::new(Cell::new(false));
        let (now, watches) = (Rc::clone(&expected), Rc::clone(&looks));
        let look: Look = Rc::new(move |page: &[u8]| {
            if !watches.get() {
                return;
            }
            let (known, next) = &*now.borrow();
            let said = complete(page, BASE).expect("a slot");
            let mut more = said.difference(known);
            assert!(known.is_subset(&said), "it lost {:?}", known.difference(&said));
            assert!(more.next().is_none_or(|more| Some(*more) == *next) && more.next().is_none());
        });
        let slots = Slots::new(Model { found: Rc::clone(&found), look }, BASE);
        let (bits, next, in_flight, recorded) = (None, 0, Vec::new(), 0);
        Watched { found, expected, looks, slots, bits, next, in_flight, recorded }
    }

    fn open(&mut self) {
        self.bits = self.slots.open_window(LOOP, 0);
        assert!(self.bits.is_some() && self.slots.advance_window(0, None).unwrap());
        self.looks.set(true);
    }

    fn begin(&mut self) {
        self.slots.make_room(self.next).unwrap();
        self.in_flight.push(self.next);
        self.next += 1;
    }

    /// Ends an item: it gets its bit, or else a record.
    fn end(&mut self, at: usize) {
        let index = self.in_flight.remove(at);
        self.expected.borrow_mut().1 = Some(index);
        let bits = self.bits.as_ref().unwrap();
        if !bits.complete(index).unwrap() {
            assert!(!bits.contains(index));
            self.recorded += 1;
            assert!(self.slots.append(&index.to_le_bytes()).unwrap());
            self.advance();
        }
        let mut expected = self.expected.borrow_mut();
        expected.0.insert(index);
        expected.1 = None;
    }

    fn advance(&mut self) {
        assert!(self.slots.advance_window(self.next, None).unwrap());
    }

    /// Notes that all complete items are in records.
    fn settle(&mut self) {
        let ranges: Vec<Range<u64>> =
            self.expected.borrow().0.iter().map(|index| *index..*index + 1).collect();
        self.slots.add_to_window(ranges.into_iter()).unwrap();
        self.advance();
    }
}

/// Numbers without a pattern.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap() % below
}

/// Runs `items` items, of which `most` are in flight, and the first one takes as long as `slow` others.
fn run(seed: u64, items: u64, most: usize, slow: u64) -> Watched {
    let mut watched = Watched::new();
    watched.open();
    watched.looks.set(slow == 0);
    let mut state = seed;
    while watched.next < items || !watched.in_flight.is_empty() {
        while watched.in_flight.len() < most && watched.next < items {
            watched.begin();
        }
        if watched.next > WINDOW {
            watched.looks.set(true);
        }
        let first = usize::from(watched.next < slow && watched.in_flight.len() > 1);
        let at = first + random(&mut state, watched.in_flight.len() - first);
        watched.end(at);
        if random(&mut state, 32) == 0 {
            watched.advance();
        }
        if watched.recorded > 0 && random(&mut state, 100) == 0 {
            watched.settle();
        }
    }
    assert_eq!(complete(&watched.found.borrow().bytes, BASE).unwrap().len() as u64, items);
    watched
}

#[test]
#[cfg_attr(miri, ignore = "it takes too long")]
fn a_page_has_each_item_that_has_ended_in_whatever_order() {
    for seed in 0..4 {
        assert_eq!(run(seed, 130, 1 + 9 * usize::try_from(seed).unwrap(), 0).recorded, 0);
    }
}

#[test]
#[cfg_attr(miri, ignore = "it takes too long")]
fn items_beyond_the_window_need_records_until_it_moves() {
    let watched = run(7, WINDOW + 60, 4, WINDOW + 20);
    assert!((10..=40).contains(&watched.recorded), "{} records", watched.recorded);
}

#[test]
fn a_window_begins_behind_a_slot_without_one() {
    let mut watched = Watched::new();
    watched.open();
    watched.begin();
    watched.end(0);
    watched.advance();
    watched.slots.close_window();
    assert!(watched.slots.open_window(LOOP, 0).is_none(), "its words would be overwritten");
    assert!(
        !watched.slots.make_room(1).unwrap() && !watched.slots.advance_window(1, None).unwrap()
    );
    watched.looks.set(false);
    watched.slots.append(&0_u64.to_le_bytes()).unwrap();
    watched.slots.advance(Advanced::default(), LoopKeys::default(), &[]).unwrap();
    assert_eq!(complete(&watched.found.borrow().bytes, BASE), Some([0].into()));
    let old = watched.bits.take().unwrap();
    watched.bits = watched.slots.open_window(LOOP, 0);
    watched.slots.make_room(5).unwrap();
    assert!(!old.complete(2).unwrap() && !old.contains(0), "it has gone");
    assert!(watched.bits.as_ref().unwrap().complete(5).unwrap());
    assert_eq!(complete(&watched.found.borrow().bytes, BASE), Some([0].into()), "no slot names it");
    watched.advance();
    assert_eq!(complete(&watched.found.borrow().bytes, BASE), Some([0, 5].into()));
}

#[test]
fn a_window_without_an_item_in_flight_needs_no_word() {
    let mut watched = Watched::new();
    watched.bits = watched.slots.open_window(LOOP, 40);
    assert!(watched.slots.advance_window(43, None).unwrap());
    let page = |watched: &Watched| watched.found.borrow().bytes.clone();
    assert_eq!(complete(&page(&watched), BASE), Some((0..40).collect()));
    assert!(
        watched.slots.make_room(42).unwrap()
            && watched.bits.as_ref().unwrap().complete(41).unwrap()
    );
    assert_eq!(complete(&page(&watched), BASE), Some((0..40).chain([41]).collect()));
}

#[test]
fn a_window_goes_on_beside_the_next_state() {
    let mut watched = Watched::new();
    watched.open();
    (0..70).for_each(|_| watched.begin());
    (0..40).for_each(|_| watched.end(1));
    watched.slots.rebase(LATER);
    let page = |watched: &Watched| watched.found.borrow().bytes.clone();
    assert_eq!(complete(&page(&watched), LATER), None);
    // An item that ends before the first slot beside that state counts from then on.
    watched.end(1);
    watched.looks.set(false);
    watched.advance();
    assert_eq!(complete(&page(&watched), LATER), Some((1..42).collect()));
}

#[test]
fn the_bytes_of_a_window_are_those_of_the_format() {
    let mut watched = Watched::new();
    watched.open();
    (0..70).for_each(|_| watched.begin());
    (0..34).for_each(|_| watched.end(0));
    watched.end(1);
    watched.looks.set(false);
    assert!(watched.slots.advance_window(70, Some((20, 0xfeed))).unwrap());
    let page = watched.found.borrow().bytes.clone();
    let word = |at: usize| u64::from_le_bytes(page[at..at + 8].try_into().unwrap());
    let of_word = |word: u64, items: u64| {
        checksum_by_the_format(&[(1, 1), (2, word), (3, items)]) >> 32 << 32 | items
    };
    assert_eq!([word(256), word(264)], [of_word(0, 0xffff_ffff), of_word(1, 0b1011)]);
    assert_eq!([word(272), word(280)], [of_word(2, 0), 0]);
    // The last item of the window is 34 + 1,023, and 1,037 items behind the item 20.
    let last = u64::from(LOOP) << 48 | (1_037 << 33) | 1 << 32 | 0xfeed;
    let slot = [2, BASE.number, BASE.end, 34, last, 0, 1 << 32 | 36 << 16 | 1 << 15];
    let found: Vec<u64> = (0..7).map(|at| word(64 + 8 * at)).collect();
    assert_eq!(found, slot);
    let covered: Vec<(u64, u64)> = (1..).zip(slot).collect();
    assert_eq!(word(64 + 56), checksum_by_the_format(&covered));
    let said = read(&page, &BOOT, |_| true).unwrap().window.unwrap();
    assert_eq!((said.start, said.begun, said.mark), (34, 70, Some((20, 0xfeed))));
    assert_eq!(said.complete().collect::<Vec<_>>(), [35]);
}

#[test]
fn no_bytes_of_a_window_are_a_danger() {
    let mut watched = Watched::new();
    watched.open();
    (0..40).for_each(|_| watched.begin());
    (0..20).for_each(|_| watched.end(3));
    watched.looks.set(false);
    watched.advance();
    let page = watched.found.borrow().bytes.clone();
    let whole = complete(&page, BASE);
    assert_eq!(whole.as_ref().map(BTreeSet::len), Some(20));
    for at in (0..64 + 128).chain(256..512) {
        for bit in (0..8).step_by(if cfg!(miri) { 5 } else { 1 }) {
            let mut damaged = page.clone();
            damaged[at] ^= 1 << bit;
            let said = complete(&damaged, BASE);
            // The slot before names no item that had begun, so it does not miss the word that is damaged.
            let is_one = said.as_ref().is_none_or(|said| said.is_subset(whole.as_ref().unwrap()));
            assert!(is_one, "byte {at}, bit {bit}: {said:?}");
        }
    }
}

#[test]
fn a_slot_that_no_window_has_does_not_count() {
    let mut watched = Watched::new();
    watched.open();
    watched.looks.set(false);
    watched.begin();
    watched.advance();
    let page = watched.found.borrow().bytes.clone();
    let word_at = |page: &[u8], at: usize| u64::from_le_bytes(page[at..at + 8].try_into().unwrap());
    let newest = if word_at(&page, 64) > word_at(&page, 128) { 64 } else { 128 };
    let word = |page: &[u8], at: usize| word_at(page, newest + 8 * at);
    for (start, begun) in [(u64::MAX - 3_000, 0x7fff), (u64::MAX - 1, 1), (7, WINDOW + 1)] {
        let mut damaged = page.clone();
        let parts = word(&page, 6) & !(0x7fff << 16) | begun << 16;
        for (at, value) in [(3, start), (6, parts)] {
            damaged[newest + 8 * at..newest + 8 * at + 8].copy_from_slice(&value.to_le_bytes());
        }
        let words: Vec<(u64, u64)> = (1..).zip((0..7).map(|at| word(&damaged, at))).collect();
        let checksum = checksum_by_the_format(&words);
        damaged[newest + 56..newest + 64].copy_from_slice(&checksum.to_le_bytes());
        let said = read(&damaged, &BOOT, |_| true).and_then(|said| said.window);
        assert!(said.is_none_or(|said| said.start != start), "{start}, {begun}");
    }
}
