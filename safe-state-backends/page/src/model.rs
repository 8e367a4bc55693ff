//! A model of the memory: a process that is killed leaves all that it had published, and of what it has stored since
//! any part.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use super::layout::{self, BOOT_LEN, LEN};
use super::memory::Memory;
use super::slots::{Advanced, Said, Slots, read};

const BOOT: [u8; BOOT_LEN] = *b"6d5a3b1e-2f0c-4a8e-9b67-0123456789ab";
const BASE: u64 = 0x5afe;

/// The page as it would be found, and the stores that are on their way.
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

    /// Every page that may be found now.
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

/// Shows each page that may be found to a closure, whenever something is stored.
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
        for (index, chunk) in bytes.chunks(8).enumerate() {
            found.stored.push((at + 8 * index, chunk.to_vec()));
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

/// Reads a page. Returns how many items have completed, and the record.
fn said(page: &[u8]) -> Option<(u64, Vec<u8>)> {
    let Said { record, advanced } = read(page, &BOOT, BASE)?;
    assert_eq!(advanced, to(advanced.count), "of one slot");
    Some((advanced.count, record.to_vec()))
}

/// A record of which each item has its own.
fn record(count: u64) -> Vec<u8> {
    let count = u8::try_from(count).unwrap();
    let len = 8 * (count % 4 + 1) - count % 3;
    vec![count + 1; len.into()]
}

#[test]
fn wherever_it_dies_the_last_item_is_there_or_the_one_before() {
    for has_record in [|_: u64| false, |_| true, |count| count % 2 == 0, |count| count % 3 == 1] {
        let found = Rc::new(RefCell::new(Found::new()));
        let last = Rc::new(RefCell::new((None, None)));
        let allowed = Rc::clone(&last);
        let look = move |page: &[u8]| {
            let (before, now) = &*allowed.borrow();
            let said = said(page);
            assert!(said == *before || said == *now, "{said:?} is neither {before:?} nor {now:?}");
        };
        let mut slots = Slots::new(Model { found: Rc::clone(&found), look }, BASE);
        let mut newest = Vec::new();
        for count in 0..9 {
            let before = last.borrow().1.clone();
            if has_record(count) {
                newest = record(count);
            }
            *last.borrow_mut() = (before, Some((count, newest.clone())));
            if has_record(count) {
                assert!(slots.write_record(&newest).unwrap());
            }
            slots.advance(to(count)).unwrap();
            assert_eq!(said(&found.borrow().bytes), Some((count, newest.clone())), "published");
        }
    }
}

#[test]
fn a_record_that_is_written_twice_before_it_is_named_spoils_nothing() {
    let found = Rc::new(RefCell::new(Found::new()));
    let mut slots = Slots::new(Model { found: Rc::clone(&found), look: |_: &[u8]| {} }, BASE);
    for count in 0..4 {
        slots.write_record(&record(count)).unwrap();
        slots.advance(to(count)).unwrap();
        for again in 10..13 {
            slots.write_record(&record(again)).unwrap();
            assert_eq!(said(&found.borrow().bytes), Some((count, record(count))));
        }
    }
}

#[test]
fn what_is_beside_another_state_or_of_another_boot_does_not_count() {
    let found = Rc::new(RefCell::new(Found::new()));
    let mut slots = Slots::new(Model { found: Rc::clone(&found), look: |_: &[u8]| {} }, BASE);
    slots.write_record(&record(1)).unwrap();
    slots.advance(to(1)).unwrap();
    let page = || found.borrow().bytes.clone();
    assert!(read(&page(), &BOOT, BASE).is_some());
    assert_eq!(read(&page(), &BOOT, BASE + 1), None);
    assert_eq!(read(&page(), b"another-boot-0c-4a8e-9b67-0123456789", BASE), None);
    slots.rebase(BASE + 1);
    assert_eq!(read(&page(), &BOOT, BASE + 1), None);
    slots.advance(to(2)).unwrap();
    let of_next = read(&page(), &BOOT, BASE + 1).map(|said| (said.advanced, said.record.len()));
    assert_eq!(of_next, Some((to(2), 0)));
    // The slot before is there still.
    assert!(read(&page(), &BOOT, BASE).is_some());
}

#[test]
fn a_record_that_is_too_long_is_not_written() {
    let found = Rc::new(RefCell::new(Found::new()));
    let mut slots = Slots::new(Model { found, look: |_: &[u8]| {} }, BASE);
    assert!(!slots.write_record(&vec![1; layout::ROOM + 1]).unwrap());
}

#[test]
fn no_bytes_are_a_danger() {
    let found = Rc::new(RefCell::new(Found::new()));
    let mut slots = Slots::new(Model { found: Rc::clone(&found), look: |_: &[u8]| {} }, BASE);
    for count in 0..2 {
        slots.write_record(&record(count)).unwrap();
        slots.advance(to(count)).unwrap();
    }
    let page = found.borrow().bytes.clone();
    let fine = [said(&page), Some((0, record(0))), None];
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
