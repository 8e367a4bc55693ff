//! A model of the memory: a killed process leaves all stores that it had published, and any part of the later ones.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use super::layout::{self, BOOT_LEN, LEN};
use super::memory::Memory;
use super::slots::{Advanced, Base, Said, Slots, read};

const BOOT: [u8; BOOT_LEN] = *b"6d5a3b1e-2f0c-4a8e-9b67-0123456789ab";
const BASE: Base = Base { number: 0x5afe, end: 700 };
const LATER: Base = Base { number: 0x1a7e, end: 900 };

/// The bytes of a page that are certain to be found, and the stores that may be lost.
#[derive(Clone, Debug)]
struct Found {
    bytes: Vec<u8>,
    stored: Vec<(usize, Vec<u8>)>,
}

impl Found {
    fn new() -> Self {
        let mut bytes = vec![0; LEN];
        bytes[..layout::HEADER_LEN].copy_from_slice(&layout::header(&BOOT));
        Found { bytes, stored: Vec::new() }
    }

    fn settle(&mut self) {
        for (at, bytes) in self.stored.drain(..) {
            self.bytes[at..at + bytes.len()].copy_from_slice(&bytes);
        }
    }

    /// Returns every page that may be found now.
    fn all(&self) -> impl Iterator<Item = Vec<u8>> {
        (0..1_u32 << self.stored.len()).map(|kept| {
            let mut bytes = self.bytes.clone();
            let stores = self.stored.iter().enumerate();
            for (_, (at, word)) in stores.filter(|(index, _)| kept >> index & 1 == 1) {
                bytes[*at..at + word.len()].copy_from_slice(word);
            }
            bytes
        })
    }
}

/// A memory that shows each page that may be found to a closure after each store.
struct Model<F> {
    found: Rc<RefCell<Found>>,
    look: F,
}

impl<F: Fn(&[u8])> Memory for Model<F> {
    fn store(&self, at: usize, word: u64) {
        self.write(at, &word.to_le_bytes());
    }

    fn write(&self, at: usize, bytes: &[u8]) {
        let mut found = self.found.borrow_mut();
        // The parts of a long write would have too many combinations, so it counts as one store.
        let part = if bytes.len() > 64 { bytes.len() } else { 8 };
        for (index, chunk) in bytes.chunks(part).enumerate() {
            found.stored.push((at + part * index, chunk.to_vec()));
        }
        found.all().for_each(|page| (self.look)(&page));
    }

    fn publish(&self, _: Range<usize>) -> io::Result<()> {
        self.found.borrow_mut().settle();
        Ok(())
    }
}

fn to(count: u64) -> Advanced {
    Advanced { loop_id: 3, count, fingerprint: u32::try_from(count ^ 0xabcd).ok(), behind: 5 }
}

/// The contents of a page: the number of completed items, the records, and the values.
type Content = Option<(u64, Vec<u8>, Vec<u8>)>;

fn said_beside(page: &[u8], base: Base) -> Content {
    let Said { records, advanced, values, .. } = read(page, &BOOT, |said| said.base == base)?;
    assert_eq!(advanced, to(advanced.count), "of one slot");
    Some((advanced.count, records.to_vec(), values.to_vec()))
}

fn said(page: &[u8]) -> Content {
    said_beside(page, BASE)
}

/// Returns bytes that differ for each item.
fn bytes(count: u64) -> Vec<u8> {
    let count = u8::try_from(count).unwrap();
    let len = 8 * (count % 4 + 1) - count % 3;
    vec![count + 1; len.into()]
}

type Look = Box<dyn Fn(&[u8])>;

/// A page whose content at any time is one of two.
struct Watched {
    found: Rc<RefCell<Found>>,
    allowed: Rc<RefCell<(Content, Content)>>,
    slots: Slots<Model<Look>>,
}

impl Watched {
    fn new(base: Base) -> Self {
        let found = Rc::new(RefCell::new(Found::new()));
        let allowed = Rc::new(RefCell::new((None, None)));
        let now = Rc::clone(&allowed);
        let look = move |page: &[u8]| {
            let (before, after) = &*now.borrow();
            let said = said_beside(page, base);
            assert!(
                said == *before || said == *after,
                "{said:?} is neither {before:?} nor {after:?}"
            );
        };
        let look: Look = Box::new(look);
        let slots = Slots::new(Model { found: Rc::clone(&found), look }, BASE);
        Watched { found, allowed, slots }
    }

    /// Sets what the page may hold next. Until then it may also hold its present content.
    fn expect(&self, next: Content) {
        let before = self.allowed.borrow().1.clone();
        *self.allowed.borrow_mut() = (before, next);
    }

    fn settled(&self) -> Vec<u8> {
        self.found.borrow().bytes.clone()
    }
}

/// Which items have a part of their own in the page.
const WAYS: [fn(u64) -> bool; 4] =
    [|_| false, |_| true, |count| count % 2 == 0, |count| count % 3 == 1];

/// Returns values of a length that differs from those of the items around it.
fn values(count: u64) -> Vec<u8> {
    let len = [3, 16, 8, 21, 5][usize::try_from(count % 5).unwrap()];
    (0..len).map(|at| u8::try_from(16 * (count + 1) + at % 16).unwrap()).collect()
}

#[test]
fn a_page_has_the_last_item_or_the_one_before_at_any_death() {
    for (has_record, has_values) in
        WAYS.iter().flat_map(|one| WAYS.iter().map(move |two| (one, two)))
    {
        let mut page = Watched::new(BASE);
        let mut records = Vec::new();
        for count in 0..9 {
            let record = if has_record(count) { bytes(count) } else { Vec::new() };
            let values = if has_values(count) { values(count) } else { Vec::new() };
            records.extend_from_slice(&record);
            let next = Some((count, records.clone(), values.clone()));
            page.expect(next.clone());
            assert!(page.slots.append(&record).unwrap());
            assert!(page.slots.advance(to(count), &values).unwrap());
            assert_eq!(said(&page.settled()), next, "published");
        }
    }
}

#[test]
fn a_page_says_nothing_beside_the_next_state_until_it_goes_on() {
    let mut page = Watched::new(LATER);
    for count in 0..3 {
        page.slots.append(&bytes(count)).unwrap();
        page.slots.advance(to(count), &values(count)).unwrap();
    }
    page.slots.rebase(LATER);
    let mut records = Vec::new();
    for count in 3..8 {
        records.extend_from_slice(&bytes(count));
        page.expect(Some((count, records.clone(), values(count))));
        page.slots.append(&bytes(count)).unwrap();
        page.slots.advance(to(count), &values(count)).unwrap();
    }
}

#[test]
fn a_page_of_another_state_or_another_boot_does_not_count() {
    let mut page = Watched::new(LATER);
    page.slots.append(&bytes(1)).unwrap();
    page.slots.advance(to(1), &[]).unwrap();
    assert!(said(&page.settled()).is_some());
    assert_eq!(said_beside(&page.settled(), LATER), None);
    assert_eq!(read(&page.settled(), b"another-boot-0c-4a8e-9b67-0123456789", |_| true), None);
    page.slots.rebase(LATER);
    assert_eq!(said_beside(&page.settled(), LATER), None);
    page.expect(Some((2, Vec::new(), Vec::new())));
    page.slots.advance(to(2), &[]).unwrap();
    // The previous slot is still there.
    assert!(said(&page.settled()).is_some());
}

#[test]
fn what_is_too_long_is_not_written() {
    let mut page = Watched::new(BASE);
    assert!(page.slots.append(&vec![1; layout::RECORD_ROOM - 1]).unwrap());
    assert!(!page.slots.append(&[1, 2]).unwrap());
    assert!(page.slots.append(&[1]).unwrap());
    assert!(!page.slots.append(&[1]).unwrap());
    assert!(!page.slots.advance(to(1), &[1; layout::VALUE_ROOM + 1]).unwrap());
    assert_eq!(said(&page.settled()), None, "no slot names it");
}

#[test]
fn no_bytes_are_a_danger() {
    let mut page = Watched::new(LATER);
    for count in 0..2 {
        page.slots.append(&bytes(count)).unwrap();
        page.slots.advance(to(count), &values(count)).unwrap();
    }
    let page = page.settled();
    let fine = [said(&page), Some((0, bytes(0), values(0))), None];
    assert_eq!(said(&page), Some((1, [bytes(0), bytes(1)].concat(), values(1))));
    let used: Vec<usize> = (0..page.len()).filter(|at| page[*at] != 0 || *at < 256).collect();
    for at in used.iter().copied().step_by(if cfg!(miri) { 29 } else { 1 }) {
        for bit in 0..8 {
            let mut damaged = page.clone();
            damaged[at] ^= 1 << bit;
            assert!(fine.contains(&said(&damaged)), "byte {at}, bit {bit}");
        }
    }
    for len in (0..page.len()).step_by(if cfg!(miri) { 997 } else { 7 }) {
        assert!(fine.contains(&said(&page[..len])));
    }
}
