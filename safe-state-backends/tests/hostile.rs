//! Bytes that anyone may have made: no panic, no more memory than they justify, and no more
//! time than their length.

mod framing;

use std::time::{Duration, Instant};

use proptest::prelude::*;
use safe_state_backends::Checkpoint;

const SNAPSHOT: u8 = 1;
const ADVANCE: u8 = 2;
const CHANGE: u8 = 3;

/// Decodes with a limit on memory, and does what a caller may do with the result. The limit is
/// what `roaring` needs for containers of one index each: 46 bytes for 10 in the file.
fn decode(bytes: &[u8]) -> bool {
    let mut decoded = None;
    let measured = allocation_counter::measure(|| decoded = Checkpoint::decode(bytes).ok());
    let limit = 5 * bytes.len() as u64 + 64 * 1024;
    assert!(measured.bytes_max <= limit, "{} of {limit} bytes", measured.bytes_max);
    let Some(checkpoint) = decoded else { return false };
    assert!(checkpoint.to_string().len() <= 4 * bytes.len() + 4096);
    for progress in checkpoint.loops() {
        let completed = progress.completed();
        let in_ranges: u64 = completed.ranges().map(|range| range.end - range.start).sum();
        assert_eq!(in_ranges, completed.len());
    }
    assert_eq!(Checkpoint::decode(&checkpoint.encode().unwrap()).unwrap(), checkpoint);
    true
}

/// A snapshot with one loop: its prefix, and the bytes of its bitmap.
fn snapshot(prefix: u64, bitmap: &[u8]) -> Vec<u8> {
    let progress = (prefix, Raw(bitmap), None::<u64>, None::<u32>);
    let failure = None::<u32>;
    let head = ("job", Some("1.0"), 7_u64, 9_u64, 1_u32, false, None::<u64>);
    postcard::to_stdvec(&(head, 1_u8, 0_u16, progress, failure)).unwrap()
}

struct Raw<'a>(&'a [u8]);

impl serde::Serialize for Raw<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

fn change() -> Vec<u8> {
    let failure = (0_u8, Some(3_u64), "E", "message", vec!["cause", ""], None::<&str>, 5_u64);
    postcard::to_stdvec(&(
        2_u64,
        0_u16,
        3_u64,
        Some(9_u64),
        None::<u32>,
        Some(1_u64),
        Some(failure),
    ))
    .unwrap()
}

/// A bitmap of 32-bit indices with `count` containers of one run each.
fn runs(count: u32, length: u16) -> Vec<u8> {
    let mut bytes = ((count - 1) << 16 | 0x303b).to_le_bytes().to_vec();
    bytes.resize(bytes.len() + count.div_ceil(8) as usize, 0xff);
    for key in 0..count {
        bytes.extend_from_slice(&u16::try_from(key).unwrap().to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    bytes.resize(bytes.len() + if count < 4 { 0 } else { 4 * count as usize }, 0);
    for _ in 0..count {
        bytes.extend_from_slice(&[1, 0, 1, 0]);
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    bytes
}

/// A bitmap of 32-bit indices with `count` containers of one index each.
fn lists(count: u32) -> Vec<u8> {
    let mut bytes = [0x303a, count].map(u32::to_le_bytes).concat();
    for key in 0..count {
        bytes.extend_from_slice(&u16::try_from(key).unwrap().to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
    }
    bytes.resize(bytes.len() + 6 * count as usize, 9);
    bytes
}

fn chunks(bitmaps: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = (bitmaps.len() as u64).to_le_bytes().to_vec();
    for (high, bitmap) in (0_u32..).zip(bitmaps) {
        bytes.extend_from_slice(&high.to_le_bytes());
        bytes.extend_from_slice(bitmap);
    }
    bytes
}

fn mutated(payload: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(0), Just(0xff)]);
    (prop::collection::vec(edit, 0..4), any::<prop::sample::Index>(), 0..8_usize).prop_map(
        move |(edits, cut, shorten)| {
            let mut payload = payload.clone();
            for (at, byte) in edits {
                let at = at.index(payload.len());
                payload[at] = byte;
            }
            if shorten == 0 {
                payload.truncate(cut.index(payload.len()));
            }
            payload
        },
    )
}

fn record() -> impl Strategy<Value = (u8, Vec<u8>)> {
    prop_oneof![
        (0..5_u8, prop::collection::vec(any::<u8>(), 0..60)),
        mutated(change()).prop_map(|payload| (CHANGE, payload)),
        mutated(vec![1, 0, 5]).prop_map(|payload| (ADVANCE, payload)),
    ]
}

fn first_record() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let bitmaps = [vec![], chunks(&[lists(3)]), chunks(&[runs(2, 100), lists(1), runs(5, 65_534)])];
    let snapshot = prop::sample::select(bitmaps.to_vec()).prop_map(|bitmap| snapshot(0, &bitmap));
    snapshot.prop_flat_map(mutated).prop_map(|payload| (SNAPSHOT, payload))
}

fn frame(records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    framing::file(records.iter().map(|(kind, payload)| (*kind, payload.as_slice())))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn records_of_any_content(first in first_record(), rest in prop::collection::vec(record(), 0..4)) {
        let mut records = vec![first];
        records.extend(rest);
        decode(&frame(&records));
    }

    #[test]
    fn bytes_of_any_content(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!decode(&bytes));
    }
}

#[test]
fn what_the_mutations_start_from_is_read() {
    let bitmap = chunks(&[runs(2, 100), lists(1), runs(5, 65_534)]);
    assert!(decode(&frame(&[
        (SNAPSHOT, snapshot(0, &bitmap)),
        (CHANGE, change()),
        (ADVANCE, vec![1, 0, 5])
    ])));
}

#[test]
fn few_bytes_claim_no_memory() {
    let many = u32::MAX.to_le_bytes();
    let bitmaps: [&[u8]; 5] = [
        &[&u64::MAX.to_le_bytes()[..], &[0; 40]].concat(),
        &[&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3a, 0x30, 0, 0, 0, 0, 1, 0][..], &[0; 90]]
            .concat(),
        &[&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3b, 0x30, 0xff, 0xff][..], &[0; 90]].concat(),
        &[&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3b, 0x30, 0, 0, 1, 0, 0, 9, 0][..], &many]
            .concat(),
        &many,
    ];
    for bitmap in bitmaps {
        assert!(!decode(&frame(&[(SNAPSHOT, snapshot(0, bitmap))])));
    }
}

/// Each of them is as costly as a million bytes can be made.
#[test]
fn a_million_bytes_take_no_time() {
    let bitmap = chunks(&[runs(1 << 16, 65_534)]);
    let sparse = chunks(&vec![lists(1); 40_000]);
    let half = chunks(&[runs(1 << 15, 65_534)]);
    let jump = postcard::to_stdvec(&(1_u64, 0_u16, 1_u64 << 31)).unwrap();
    let step = postcard::to_stdvec(&(1_u64, 0_u16, 1_u64 << 16)).unwrap();
    let many = |record: &Vec<u8>| vec![(ADVANCE, record.clone()); 30_000];
    let files = [
        frame(&[(SNAPSHOT, snapshot(0, &bitmap)), (ADVANCE, jump)]),
        frame(&[&[(SNAPSHOT, snapshot(0, &half))][..], &many(&step)].concat()),
        frame(&[(SNAPSHOT, snapshot(0, &chunks(&[lists(1 << 16)])))]),
        frame(&[&[(SNAPSHOT, snapshot(0, &sparse))][..], &many(&vec![1, 0, 0])].concat()),
    ];
    for file in files {
        let start = Instant::now();
        assert!(decode(&file));
        let elapsed = start.elapsed();
        println!("{} bytes: {elapsed:?}", file.len());
        assert!(elapsed < Duration::from_secs(2), "{} bytes took {elapsed:?}", file.len());
    }
}

/// Behind a torn record, every offset could be the head of one that reaches to the end.
#[test]
fn overlapping_heads_take_no_time() {
    let mut file = frame(&[(SNAPSHOT, snapshot(0, &[]))]);
    file.extend_from_slice(&[0, 0, 16].repeat(1 << 20));
    let start = Instant::now();
    assert!(!decode(&file));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
