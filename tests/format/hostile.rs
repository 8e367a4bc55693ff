//! Tests with bytes that anyone may have made: they cause no panic, and take no more memory and time than their length
//! justifies.

mod bitmaps;
mod golden;
mod payloads;

use std::time::Duration;

use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use safe_state_backends::format::examine;
use safe_state_backends::{CarriedError, Checkpoint, Results, Worklist};
use serde::de::DeserializeOwned;
use serde_bytes::Bytes;

use super::framing;
use bitmaps::{chunks, lists, runs};
use payloads::{
    LIST, Loop, NEITHER, STRINGS, Value, appended, change, change_of, differing, letters, list,
    named, run, snapshot, snapshot_of,
};

const SNAPSHOT: u8 = 1;
const ADVANCE: u8 = 2;
const CHANGE: u8 = 3;

/// Decodes with a limit on memory, and uses the result like a caller. The limit is what `roaring` needs for containers of one
/// index each: 46 bytes for 10 in the file.
fn decode(bytes: &[u8]) -> bool {
    let mut decoded = None;
    let measured = allocation_counter::measure(|| decoded = Checkpoint::decode(bytes).ok());
    let limit = 5 * bytes.len() as u64 + 84 * 1024;
    assert!(measured.bytes_max <= limit, "{} of {limit} bytes", measured.bytes_max);
    let Some(checkpoint) = decoded else { return false };
    assert!(checkpoint.to_string().len() <= 4 * bytes.len() + 4096);
    for name in checkpoint.carried_names() {
        restore::<Results<u64>>(&checkpoint, name, bytes.len());
        restore::<Vec<String>>(&checkpoint, name, bytes.len());
        restore::<Vec<serde_json::Value>>(&checkpoint, name, bytes.len());
        restore::<Worklist<u64>>(&checkpoint, name, bytes.len());
    }
    for progress in checkpoint.loops() {
        let completed = progress.completed();
        let in_ranges: u64 = completed.ranges().map(|range| range.end - range.start).sum();
        assert_eq!(in_ranges, completed.len());
    }
    assert_eq!(Checkpoint::decode(&checkpoint.encode().unwrap()).unwrap(), checkpoint);
    put_back(checkpoint);
    true
}

fn put_back(mut checkpoint: Checkpoint) {
    if checkpoint.put_back_dead_letters().is_ok_and(|count| count > 0) {
        assert!(checkpoint.dead_letters().is_empty() && !checkpoint.is_finished());
        assert_eq!(Checkpoint::decode(&checkpoint.encode().unwrap()).unwrap(), checkpoint);
    }
}

/// Examines bytes. The result is a state or nothing; for a sound checkpoint, it is the whole.
fn examined(bytes: &[u8]) {
    let mut found = None;
    let measured = allocation_counter::measure(|| found = examine(bytes).ok());
    // A record takes 24 bytes in memory, and at least 10 in the file; a growing list exists twice.
    let limit = 12 * bytes.len() as u64 + 64 * 1024;
    assert!(measured.bytes_max <= limit, "{} of {limit} bytes", measured.bytes_max);
    match (Checkpoint::decode(bytes), found) {
        (Ok(sound), Some(found)) => assert_eq!((found.saved, found.damage), (Some(sound), None)),
        (Err(_), Some(found)) => assert!(found.damage.is_some()),
        (decoded, None) => assert!(decoded.is_err()),
    }
}

/// Restores a list with a limit on memory. A list of `len` bytes may have an element for each, and space for as many again;
/// while it grows, half of that exists twice.
fn restore<T: DeserializeOwned + IntoIterator>(checkpoint: &Checkpoint, name: &str, len: usize) {
    let restore = || drop(checkpoint.carried::<T>(name));
    let measured = allocation_counter::measure(restore);
    let limit = (3 * size_of::<T::Item>() + 5) * len + 4096;
    assert!(measured.bytes_max <= limit as u64, "{} of {limit} bytes", measured.bytes_max);
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
        (0..11_u8, prop::collection::vec(any::<u8>(), 0..60)),
        mutated(change()).prop_map(|payload| (CHANGE, payload)),
        mutated(named().1).prop_map(|payload| (CHANGE, payload)),
        mutated(differing().1).prop_map(|payload| (CHANGE, payload)),
        mutated(vec![1, 0, 5, 1, 7]).prop_map(|payload| (ADVANCE, payload)),
    ]
}

fn first_record() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let bitmaps = [vec![], chunks(&[lists(3)]), chunks(&[runs(2, 100), lists(1), runs(5, 65_534)])];
    let snapshot = prop::sample::select(bitmaps.to_vec()).prop_map(|bitmap| snapshot(0, &bitmap));
    let snapshot = prop_oneof![snapshot, Just(named().0), Just(differing().0)];
    snapshot.prop_flat_map(mutated).prop_map(|payload| (SNAPSHOT, payload))
}

fn frame(records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    framing::file(records.iter().map(|(kind, payload)| (*kind, payload.as_slice())))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn reading_any_records_causes_no_panic(first in first_record(), rest in prop::collection::vec(record(), 0..4)) {
        let mut records = vec![first];
        records.extend(rest);
        decode(&frame(&records));
    }

    #[test]
    fn examining_any_records_causes_no_panic(
        first in first_record(),
        rest in prop::collection::vec(record(), 0..4),
        flipped in any::<prop::sample::Index>(),
        bit in 0..9_u8,
    ) {
        let mut records = vec![first];
        records.extend(rest);
        let mut bytes = frame(&records);
        let at = flipped.index(bytes.len());
        // The ninth bit does not exist, so the byte stays as it is.
        bytes[at] ^= 1_u8.checked_shl(u32::from(bit)).unwrap_or(0);
        examined(&bytes);
    }

    #[test]
    fn bytes_of_any_content_are_no_checkpoint(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!decode(&bytes));
    }
}

#[test]
fn what_the_mutations_start_from_is_read() {
    let bitmap = chunks(&[runs(2, 100), lists(1), runs(5, 65_534)]);
    assert!(decode(&frame(&[
        (SNAPSHOT, snapshot(0, &bitmap)),
        (CHANGE, change()),
        (ADVANCE, vec![1, 0, 5, 1, 7])
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

/// The lists have as many entries as they may, each as small as possible, and with the longest `within`.
#[test]
fn tiny_entries_claim_no_memory() {
    let items = [0; 16];
    for within in [&[], &items[..1], &items[..]] {
        let progress = ((within, 0, Bytes::new(&[]), None, None, None), None, NEITHER);
        let loops: Vec<Loop> = (0..64).map(|id| (id, progress)).collect();
        let value = (within, "", Some(0), Bytes::new(&[]));
        let values: Vec<_> = names(0..256).map(|name| (name, value)).collect();
        let begun: Vec<_> =
            (0..64).map(|id| ((id, Some(within), 0, None, None, None), NEITHER)).collect();
        let appended: Vec<_> = names(0..256).map(|name| (name, true, value)).collect();
        let change = (CHANGE, change_of(&begun, &appended));
        let first = (SNAPSHOT, snapshot_of(&loops, &values));
        assert!(decode(&frame(&[first, change.clone(), change])));
    }
}

#[test]
fn longer_lists_are_refused() {
    let value = (&[][..], "", Some(0), Bytes::new(&[]));
    let deep = [0; 17];
    let changes = [
        change_of(&vec![((0, None, 0, None, None, None), NEITHER); 65], &[]),
        change_of(&[((0, Some(&deep), 0, None, None, None), NEITHER)], &[]),
        change_of(&[((64, None, 0, None, None, None), NEITHER)], &[]),
        change_of(&[], &vec![(String::new(), false, value); 257]),
        change_of(&[], &[("deep".to_owned(), false, (&deep, "", None, Bytes::new(&[])))]),
    ];
    for change in changes {
        assert!(!decode(&frame(&[(SNAPSHOT, snapshot(0, &[])), (CHANGE, change)])));
    }
    let head = ("job", None::<&str>, None::<u64>, 7_u64, 9_u64, 1_u32, false, None::<u64>);
    let runs = |count| (head, [0_u8; 2], None::<u32>, 3_u64, letters(), vec![run(); count]);
    let often = |count| decode(&frame(&[(SNAPSHOT, postcard::to_stdvec(&runs(count)).unwrap())]));
    assert!(often(32) && !often(33));
    let beyond = (64, ((&[][..], 0, Bytes::new(&[]), None, None, None), None, NEITHER));
    assert!(!decode(&frame(&[(SNAPSHOT, snapshot_of(&[beyond], &[]))])));
}

/// Each of the two changes is within the limit, and both together are not.
#[test]
fn changes_add_no_values_beyond_the_limit() {
    let value = (&[][..], "", None, Bytes::new(&[]));
    let change = |range| {
        let carried: Vec<_> = names(range).map(|name| (name, false, value)).collect();
        (CHANGE, change_of(&[], &carried))
    };
    let first = (SNAPSHOT, snapshot_of(&[], &[]));
    assert!(decode(&frame(&[first.clone(), change(0..200), change(0..256)])));
    assert!(!decode(&frame(&[first, change(0..200), change(1..257)])));
}

fn names(range: std::ops::Range<u16>) -> impl Iterator<Item = String> {
    range.map(|number| format!("{number:x}"))
}

/// Elements can be added only to a list of the same type, in the same items.
#[test]
fn elements_are_added_to_their_list_alone() {
    let bytes = Bytes::new(&[3]);
    let refused: [(&str, Value); 5] = [
        ("words", (&[1], STRINGS, Some(1), bytes)),
        ("none", (&[], LIST, Some(1), bytes)),
        ("sizes", (&[], LIST, None, bytes)),
        ("sizes", (&[1], LIST, Some(1), bytes)),
        ("sizes", (&[], STRINGS, Some(1), bytes)),
    ];
    let decodes = |name: &str, value| {
        let change = change_of(&[], &[(name.to_owned(), true, value)]);
        decode(&frame(&[(SNAPSHOT, snapshot(0, &[])), (CHANGE, change)]))
    };
    for (name, value) in refused {
        assert!(!decodes(name, value), "{name}: {value:?}");
    }
    assert!(decodes("sizes", list(1, &[3])));
}

/// The records claim more elements than they have bytes for, by a little and by as much as possible.
#[test]
fn elements_that_are_not_there_are_noticed() {
    for elements in [1, 3, 1 << 20, u64::MAX] {
        let change = change_of(&[], &[appended(elements, &[3, 4])]);
        let bytes = frame(&[(SNAPSHOT, snapshot(0, &[])), (CHANGE, change)]);
        assert!(decode(&bytes));
        let sizes = Checkpoint::decode(&bytes).unwrap().carried::<Results<u64>>("sizes");
        assert!(matches!(sizes, Err(CarriedError::ShapeChanged { .. })), "{elements}: {sizes:?}");
    }
}

/// The lists are a million bytes of the smallest elements, and as many claimed elements in front of few bytes.
#[test]
fn restored_lists_claim_no_memory() {
    let zeros = vec![0; 1 << 20];
    let claimed = [&[0xff, 0xff, 0xff, 0x7f][..], &zeros].concat();
    let values = [
        list(1 << 20, &zeros),
        list(u64::MAX, &zeros),
        (&[], STRINGS, Some(1 << 20), Bytes::new(&zeros)),
        (&[], STRINGS, None, Bytes::new(&claimed)),
        (&[], STRINGS, None, Bytes::new(&claimed[..4])),
    ];
    for value in values {
        assert!(decode(&frame(&[(SNAPSHOT, snapshot_of(&[], &[("it".to_owned(), value)]))])));
    }
}

/// Returns the processor time of `work` on this thread, which does not depend on how busy the machine is.
fn processor_time(work: impl FnOnce()) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let began = now();
    work();
    now().checked_sub(began).unwrap()
}

/// Each of the inputs is as costly as a million bytes can be.
#[test]
fn a_million_bytes_take_no_time() {
    let bitmap = chunks(&[runs(1 << 16, 65_534)]);
    let sparse = chunks(&vec![lists(1); 40_000]);
    let half = chunks(&[runs(1 << 15, 65_534)]);
    let jump = postcard::to_stdvec(&(1_u64, 0_u16, 1_u64 << 31, None::<u32>)).unwrap();
    let step = postcard::to_stdvec(&(1_u64, 0_u16, 1_u64 << 16, None::<u32>)).unwrap();
    let first = (SNAPSHOT, snapshot(0, &[]));
    let grown = change_of(&[], &[appended(20, &[7; 20])]);
    let many = |record: &Vec<u8>| vec![(ADVANCE, record.clone()); 30_000];
    let files = [
        frame(&[(SNAPSHOT, snapshot(0, &bitmap)), (ADVANCE, jump)]),
        frame(&[&[(SNAPSHOT, snapshot(0, &half))][..], &many(&step)].concat()),
        frame(&[(SNAPSHOT, snapshot(0, &chunks(&[lists(1 << 16)])))]),
        frame(&[&[first.clone()][..], &vec![(CHANGE, grown); 30_000]].concat()),
        frame(&[&[first][..], &vec![(CHANGE, change()); 8_000]].concat()),
        frame(&[&[(SNAPSHOT, snapshot(0, &sparse))][..], &many(&vec![1, 0, 0, 0])].concat()),
    ];
    for file in files {
        let took = processor_time(|| assert!(decode(&file)));
        println!("{} bytes: {took:?}", file.len());
        assert!(took < Duration::from_secs(2), "{} bytes took {took:?}", file.len());
    }
}

/// Behind a torn record, every offset could be the head of a record that reaches to the end.
#[test]
fn overlapping_heads_take_no_time() {
    let mut file = frame(&[(SNAPSHOT, snapshot(0, &[]))]);
    file.extend_from_slice(&[0, 0, 16].repeat(1 << 20));
    let took = processor_time(|| assert!(!decode(&file)));
    assert!(took < Duration::from_secs(2), "{took:?}");
}
