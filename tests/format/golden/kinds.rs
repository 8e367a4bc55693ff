//! The golden files of format 2 beside names: worklists, lists at places, and the records of loops that run side by side or are
//! shared.

use safe_state_backends::{Checkpoint, Completed, Cut, InFlight, Results, Worklist};
use serde_json::json;

use super::read;
use super::records::{ADVANCE, CHANGE, file};
use super::snapshots::{fresh, with};

const QUEUE: &str = "safe_state_backends::worklist::Worklist<u64>";
const ROWS: &str = "safe_state_backends::results::Results<u64>";
/// A schema of version 1, with a `u64` at the root.
const NAMES: &[u8] = b"\x01\x01\x01\x0a\0\0\0";
const TEXT: &str = "alloc::string::String";
/// A schema of version 1, with a text at the root.
const TEXT_NAMES: &[u8] = b"\x01\x01\x01\x0f\0\0\0";

const IN_FLIGHT: u8 = 6;
const SLICES: u8 = 7;
const MERGE: u8 = 8;
const TIMINGS: u8 = 10;

/// Returns a change of a variable: its name, whether it appends, and its value within no item.
fn changed(name: &str, appends: u8, ty: &str, value: &[u8]) -> Vec<u8> {
    let text = |it: &str| [&[u8::try_from(it.len()).unwrap()], it.as_bytes()].concat();
    [&text(name), [appends, 0].as_slice(), &text(ty), value].concat()
}

fn change(carried: &[Vec<u8>]) -> (u8, Vec<u8>) {
    let count = u8::try_from(carried.len()).unwrap();
    (CHANGE, [[1, 0, count].as_slice(), &carried.concat(), &[0; 5]].concat())
}

/// Returns a file with a worklist that changes at both ends, and lists at places whose variable changes and is replaced.
pub(super) fn worklist() -> Vec<u8> {
    let section = |count: u64| json!([{ "version": 1, "elements": count, "len": count }]);
    let stored = json!({
        "queue": {
            "within": [], "type_name": QUEUE, "bytes": [],
            "form": { "Worklist": {
                "names": NAMES, "taken": [0, 0], "ahead": 0, "entries": [1, 1, 3, 3, 1, 1, 5, 3],
            } },
        },
        "rows": {
            "within": [], "type_name": ROWS, "bytes": [1, 2],
            "form": { "NamedList": [NAMES, section(2)] },
        },
        "rows!end 0": {
            "within": [], "type_name": ROWS, "bytes": [],
            "form": { "ListAt": [[NAMES, section(1)], 1] },
        },
    });
    // Each starts with the form, and leaves its names out, as they are those of the value before.
    let queue = [4, 0, 1, 0, 4, 8, 1, 1, 9, 3, 1, 1, 7, 3, 0];
    let rows = [3, 0, 1, 1, 1, 1, 1, 4];
    let end = [5, 0, 1, 1, 2, 2, 1, 1, 8];
    file(
        &with(fresh(), "carried", stored),
        &[
            change(&[changed("queue", 1, QUEUE, &queue), changed("rows", 0, ROWS, &rows)]),
            change(&[changed("rows!end 1", 0, ROWS, &end)]),
        ],
    )
}

/// Returns a file with what was measured of an earlier run, and of an item and a save of the last one.
pub(super) fn timings() -> Vec<u8> {
    // These are: saves, their time, the time of the items, how many there are in which bucket, and the slowest.
    let nothing = [0; 5];
    let earlier = [3, 0xac, 2, 0x88, 0x27, 1, 1, 2, 0];
    let past = [1, 1, 3, 0xac, 2, 1, 2, 0xcc, 8, 0xcc, 8, 0xcc, 8, 0xcc, 8];
    let two_millis: &[u8] = &[0x80, 0x89, 0x7a];
    let slowest = [[1, 0, 0, 9, 0].as_slice(), two_millis, b"\x05n = 9"].concat();
    let run = [[1, 100].as_slice(), two_millis, &[1, 88, 1], &slowest].concat();
    file(
        &fresh(),
        &[
            (TIMINGS, [earlier.as_slice(), &nothing, &past].concat()),
            (ADVANCE, vec![5, 0, 1, 0]),
            (TIMINGS, [nothing.as_slice(), &run, &[0]].concat()),
        ],
    )
}

/// Returns a file with values stored as differences: in the snapshot, and in a change.
pub(super) fn differing() -> Vec<u8> {
    let value = |form, bytes: &[u8]| json!({ "within": [], "type_name": TEXT, "form": form, "bytes": bytes });
    let from =
        |base| json!({ "Differing": { "names": [], "version": 1, "base": base, "len": 11 } });
    let stored = json!({
        "text": value(from("text!end 0"), &[0, 11, 0]),
        "text!end 0": value(from("text!start"), b"\0\x04\x01X\x01\x06\0"),
        "text!start": value(json!({ "Named": [TEXT_NAMES, 1] }), b"\x0aabcdefghij"),
    });
    // These are: the form, no names, as they are those of the value before, and the version.
    let from = |base: &[u8], parts: &[u8]| {
        let base = [&[u8::try_from(base.len()).unwrap()], base].concat();
        let parts = [&[u8::try_from(parts.len()).unwrap()], parts].concat();
        [&[6, 0, 1], base.as_slice(), &[11], &parts].concat()
    };
    let end = from(b"text!end 0", &[0, 10, 1, b'k']);
    let last = from(b"text", b"\0\x01\x01Z\x01\x09\0");
    file(
        &with(fresh(), "carried", stored),
        &[change(&[changed("text!end 1", 0, TEXT, &end), changed("text", 0, TEXT, &last)])],
    )
}

/// Returns a file with items in flight, slices of which two are finished, and the value of a variable in one of them.
pub(super) fn workers() -> Vec<u8> {
    // These are: within no item, `u64`, by name, version 1, and one byte: 7.
    let value = [&[0, 3], b"u64".as_slice(), &[2, 7], NAMES, &[1, 1, 7]].concat();
    let records = [
        (IN_FLIGHT, vec![0, 2, 5, 9]),
        (IN_FLIGHT, vec![1, 1, 5]),
        (IN_FLIGHT, vec![1, 0]),
        (SLICES, vec![2, 4, 0, 0, 0]),
        (SLICES, vec![2, 4, 2, 2, 0]),
        (MERGE, [[2, 1, 3].as_slice(), b"sum", &value].concat()),
    ];
    file(&fresh(), &records)
}

#[test]
fn worklists_change_at_both_ends() {
    let checkpoint = Checkpoint::decode(&read("worklist", "safestate")).unwrap();
    let queue = checkpoint.carried_within::<Worklist<u64>>("queue", &[]).unwrap().unwrap();
    assert_eq!(queue, Worklist::from([9, 5, 7]));
    assert_eq!(checkpoint.carried("queue"), Ok(Some(vec![9_u64, 5, 7])));
}

#[test]
fn lists_at_places_keep_what_they_were() {
    let checkpoint = Checkpoint::decode(&read("worklist", "safestate")).unwrap();
    let rows =
        |name| checkpoint.carried_within::<Results<u64>>(name, &[]).unwrap().unwrap().into_vec();
    assert_eq!(
        (rows("rows"), rows("rows!end 0"), rows("rows!end 1")),
        (vec![4], vec![1], vec![4, 8])
    );
}

#[test]
fn values_are_what_they_differ_by() {
    let checkpoint = Checkpoint::decode(&read("differing", "safestate")).unwrap();
    let text = |name| checkpoint.carried_within::<String>(name, &[]).unwrap().unwrap();
    assert_eq!(checkpoint.carried("text"), Ok(Some("ZbcXefghij".to_owned())));
    assert_eq!(
        (text("text!start"), text("text!end 0"), text("text!end 1")),
        ("abcdefghij".to_owned(), "abcXefghij".to_owned(), "abcXefghik".to_owned())
    );
}

#[test]
fn items_in_flight_slices_and_merges_are_read() {
    let bytes = read("workers", "safestate");
    let checkpoint = Checkpoint::decode(&bytes).unwrap();
    let in_flight: Vec<_> = checkpoint.in_flight().collect();
    assert_eq!(in_flight, [InFlight { loop_id: 0, items: vec![5, 9] }]);
    let slices: Vec<_> = checkpoint.slices().collect();
    assert_eq!((slices[0].count, &slices[0].cut), (4, &Cut::Key));
    assert_eq!(slices[0].finished, (0..2).collect::<Completed>());
    let merge = checkpoint.merges().next().unwrap();
    assert_eq!((merge.slice, merge.value.decode("sum")), (1, Ok(7_u64)));
    // Writing the checkpoint keeps them.
    assert_eq!(Checkpoint::decode(&checkpoint.encode().unwrap()).as_ref(), Ok(&checkpoint));
    let text = checkpoint.to_string();
    assert!(
        text.contains("in flight  5, 9") && text.contains("slices     2 of 4 finished"),
        "{text}"
    );
}

#[test]
fn what_was_measured_adds_up() {
    let checkpoint = Checkpoint::decode(&read("timings", "safestate")).unwrap();
    let timings = checkpoint.timings();
    assert_eq!((timings.last_run().saves, timings.all_runs().saves), (1, 4));
    let all = timings.all_runs().quantiles().unwrap();
    assert_eq!((all.count, all.median, all.longest), (3, 1088, 2_000_000));
    assert_eq!(timings.all_runs().slowest[0].captured, "n = 9");
    assert_eq!(timings.past()[0].items.unwrap().median, 1100);
}
