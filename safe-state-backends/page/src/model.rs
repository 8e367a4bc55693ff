//! A model of the memory: a killed process leaves all stores that it had published, and any part of the later ones.

mod window;

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use super::layout::{self, BOOT_LEN, LEN};
use super::memory::Memory;
use super::slots::{Advanced, Base, LoopKeys, Said, Slots, read};

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

    /// Returns the eight bytes that the process itself finds.
    fn word(&self, at: usize) -> u64 {
        let mut word = [0; 8];
        word.copy_from_slice(&self.bytes[at..at + 8]);
        if let Some((_, bytes)) = self.stored.iter().rev().find(|(place, _)| *place == at) {
            word.copy_from_slice(bytes);
        }
        u64::from_le_bytes(word)
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
#[derive(Clone)]
struct Model {
    found: Rc<RefCell<Found>>,
    look: Look,
}

impl Memory for Model {
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

    fn load(&self, at: usize) -> u64 {
        self.found.borrow().word(at)
    }

    fn exchange(&self, at: usize, before: u64, word: u64) -> io::Result<bool> {
        let is_there = self.load(at) == before;
        if is_there {
            self.store(at, word);
            self.publish(at..at + 8)?;
        }
        Ok(is_there)
    }
}

fn to(count: u64) -> Advanced {
    let fingerprint = u32::try_from(count ^ 0xabcd).ok();
    Advanced { loop_id: 3, count, fingerprint, behind: 5, has_cursor: count.is_multiple_of(3) }
}

/// The contents of a page: the number of completed items, the records, the values, and the keys.
type Content = Option<(u64, Vec<u8>, Vec<u8>, Vec<u64>)>;

fn said_beside(page: &[u8], base: Base) -> Content {
    let said = read(page, &BOOT, |said| said.base == base)?;
    let Said { records, advanced, values, keys, made_by, .. } = said;
    assert_eq!(advanced, to(advanced.count), "of one slot");
    assert_eq!(made_by, if keys.is_empty() { 0 } else { MADE_BY });
    let keys = keys.iter().map(|key| u64::from_le_bytes(*key)).collect();
    Some((advanced.count, records.to_vec(), values.to_vec(), keys))
}

const MADE_BY: u32 = 0xfade_d001;

/// Returns the keys of a slot. The last of them is told apart from the others if there are many.
fn all(keys: &[u64]) -> LoopKeys<'_> {
    match keys {
        [] => LoopKeys::default(),
        [complete @ .., last] if !complete.is_empty() => {
            LoopKeys { made_by: MADE_BY, complete, next: Some(*last) }
        }
        complete => LoopKeys { made_by: MADE_BY, complete, next: None },
    }
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

type Look = Rc<dyn Fn(&[u8])>;

/// A page whose content at any time is one of two.
struct Watched {
    found: Rc<RefCell<Found>>,
    allowed: Rc<RefCell<(Content, Content)>>,
    slots: Slots<Model>,
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
        let look: Look = Rc::new(look);
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

/// Writes an item with a part of its own where `WAYS` says so, and checks the page at each store.
fn try_ways(has_record: fn(u64) -> bool, has_values: fn(u64) -> bool, has_key: fn(u64) -> bool) {
    let mut page = Watched::new(BASE);
    let (mut records, mut keys) = (Vec::new(), Vec::new());
    for count in 0..9 {
        let values = if has_values(count) { values(count) } else { Vec::new() };
        if has_record(count) {
            records.extend_from_slice(&bytes(count));
            keys.clear();
        }
        // A record tells what the keys told, and a slot without keys follows it.
        if has_key(count) && !has_record(count) {
            // Several may be new at once.
            (0..=count % 2).for_each(|at| keys.push(count << 60 | 7 << at));
        }
        let next = Some((count, records.clone(), values.clone(), keys.clone()));
        page.expect(next.clone());
        if has_record(count) {
            assert!(page.slots.append(&bytes(count)).unwrap());
        }
        assert!(page.slots.advance(to(count), all(&keys), &values).unwrap());
        assert_eq!(said(&page.settled()), next, "published");
    }
}

#[test]
fn a_page_has_the_last_item_or_the_one_before_at_any_death() {
    for has_record in WAYS {
        for has_values in WAYS {
            for has_key in WAYS {
                try_ways(has_record, has_values, has_key);
            }
        }
    }
}

#[test]
fn keys_that_are_too_many_or_are_others_are_not_written() {
    let mut page = Watched::new(BASE);
    let keys: Vec<u64> = (0..=layout::KEY_LIMIT as u64).collect();
    let most = &keys[1..];
    page.expect(Some((1, Vec::new(), Vec::new(), most[..2].to_vec())));
    assert!(page.slots.advance(to(1), all(&most[..2]), &[]).unwrap());
    assert!(!page.slots.advance(to(2), all(&keys), &[]).unwrap());
    assert!(!page.slots.advance(to(2), all(&most[..1]), &[]).unwrap());
    // What a slot that was not written would have covered is written again.
    page.expect(Some((2, Vec::new(), Vec::new(), most[..3].to_vec())));
    assert!(!page.slots.advance(to(2), all(&keys[..3]), &[1; layout::VALUE_ROOM + 1]).unwrap());
    assert!(page.slots.advance(to(2), all(&most[..3]), &[]).unwrap());
}

#[test]
fn a_page_of_a_version_before_is_read() {
    let mut page = Watched::new(BASE);
    page.expect(Some((1, bytes(1), values(1), Vec::new())));
    page.slots.append(&bytes(1)).unwrap();
    let to = Advanced { has_cursor: false, ..to(1) };
    page.slots.advance(to, LoopKeys::default(), &values(1)).unwrap();
    let mut page = page.settled();
    let mut with_version = |version| {
        page[7] = version;
        let checksum = crc32fast::hash(&page[..8 + BOOT_LEN]);
        page[8 + BOOT_LEN..layout::HEADER_LEN].copy_from_slice(&checksum.to_le_bytes());
        read(&page, &BOOT, |_| true).map(|said| said.advanced)
    };
    assert_eq!([3, 4, 5].map(&mut with_version), [Some(to); 3]);
    assert_eq!([2, 6].map(&mut with_version), [None; 2]);
}

#[test]
fn a_page_says_nothing_beside_the_next_state_until_it_goes_on() {
    let mut page = Watched::new(LATER);
    for count in 0..3 {
        page.slots.append(&bytes(count)).unwrap();
        page.slots.advance(to(count), LoopKeys::default(), &values(count)).unwrap();
    }
    page.slots.rebase(LATER);
    let mut records = Vec::new();
    for count in 3..8 {
        records.extend_from_slice(&bytes(count));
        page.expect(Some((count, records.clone(), values(count), Vec::new())));
        page.slots.append(&bytes(count)).unwrap();
        page.slots.advance(to(count), LoopKeys::default(), &values(count)).unwrap();
    }
}

#[test]
fn a_page_of_another_state_or_another_boot_does_not_count() {
    let mut page = Watched::new(LATER);
    page.slots.append(&bytes(1)).unwrap();
    page.slots.advance(to(1), LoopKeys::default(), &[]).unwrap();
    assert!(said(&page.settled()).is_some());
    assert_eq!(said_beside(&page.settled(), LATER), None);
    assert_eq!(read(&page.settled(), b"another-boot-0c-4a8e-9b67-0123456789", |_| true), None);
    page.slots.rebase(LATER);
    assert_eq!(said_beside(&page.settled(), LATER), None);
    page.expect(Some((2, Vec::new(), Vec::new(), Vec::new())));
    page.slots.advance(to(2), LoopKeys::default(), &[]).unwrap();
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
    assert!(!page.slots.advance(to(1), LoopKeys::default(), &[1; layout::VALUE_ROOM + 1]).unwrap());
    assert_eq!(said(&page.settled()), None, "no slot names it");
}

#[test]
fn no_bytes_are_a_danger() {
    let mut page = Watched::new(LATER);
    page.slots.append(&bytes(0)).unwrap();
    page.slots.advance(to(0), all(&[5]), &values(0)).unwrap();
    page.slots.advance(to(1), all(&[5, 6]), &values(1)).unwrap();
    let page = page.settled();
    let fine = [said(&page), Some((0, bytes(0), values(0), vec![5])), None];
    assert_eq!(said(&page), Some((1, bytes(0), values(1), vec![5, 6])));
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

/// Computes the checksum of a slot as `docs/format.md` describes it.
fn checksum_by_the_format(words: &[(u64, u64)]) -> u64 {
    let factor = |n: u64| {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) | 1
    };
    let products = words.iter().map(|(n, word)| word.wrapping_mul(factor(*n)));
    let sum = products.fold(0, u64::wrapping_add);
    (sum ^ (sum >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd) | 1
}

#[test]
fn the_bytes_of_a_page_are_those_of_the_format() {
    let mut page = Watched::new(LATER);
    page.slots.append(&[1, 2, 3]).unwrap();
    let to = Advanced { loop_id: 5, count: 6, fingerprint: None, behind: 0, has_cursor: true };
    let keys = LoopKeys { made_by: MADE_BY, complete: &[0x77, 0x88], next: Some(0x99) };
    page.slots.advance(to, keys, b"a cursor").unwrap();
    let page = page.settled();
    let word = |at: usize| u64::from_le_bytes(page[at..at + 8].try_into().unwrap());
    assert_eq!((&page[..8], page.len()), (&b"\x89SSPAGE\x05"[..], 65_536));
    assert_eq!(&page[8192..8200], b"a cursor");
    assert_eq!(page[12_288..12_291], [1, 2, 3]);
    assert_eq!([word(57_344), word(57_352), word(57_360)], [0x77, 0x88, 0x99]);
    let records = 3 << 32 | u64::from(crc32fast::hash(&[1, 2, 3]));
    let parts = u64::from(MADE_BY) << 32 | 1 << 31 | 3 << 16 | 8;
    let slot = [1, BASE.number, BASE.end, 6, 5 << 48, records, parts];
    let found: Vec<u64> = (0..7).map(|at| word(128 + 8 * at)).collect();
    assert_eq!(found, slot);
    let values = u64::from_le_bytes(*b"a cursor");
    let behind = [(8, values), (520, 0x77), (521, 0x88), (522, 0x99)];
    let covered: Vec<(u64, u64)> = (1..).zip(slot).chain(behind).collect();
    assert_eq!(word(128 + 56), checksum_by_the_format(&covered));
}
