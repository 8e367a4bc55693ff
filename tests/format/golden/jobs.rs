//! The golden files with records behind their snapshots, one for each kind of history.

use safe_state_backends::CrashCause;
use serde_bytes::Bytes;
use serde_json::{Value, json};

use super::records::{ADVANCE, CHANGE, CarriedChange, Change, LoopChange, encoded, file};
use super::snapshots::{failure, fresh, progress, run, value, with};

const SIZES: &str = "safe_state_backends::results::Results<u64>";

pub(super) fn in_order() -> Vec<u8> {
    let left = LoopChange { count: 4, total: Some(400), end: Some(1), ..LoopChange::default() };
    let failure = (
        (1_u32, Some(9_u64), "panic", "index out of bounds"),
        (["a cause"].as_slice(), None::<&str>, 5_u64, [("n", "9")].as_slice(), Bytes::new(&[])),
    );
    let change = Change {
        micros: 1000,
        loops: vec![left],
        item_nanos: Some(25_000),
        failure: Some(failure),
        ..Change::default()
    };
    file(
        &fresh(),
        &[
            (ADVANCE, vec![5, 0, 1, 0]),
            (ADVANCE, vec![0xe8, 0x07, 0, 0xac, 0x02, 0]),
            (CHANGE, encoded(&change)),
            (ADVANCE, vec![1, 1, 2, 0]),
        ],
    )
}

/// Returns a file with a value that is replaced, a list that grows twice, and a variable that appears.
pub(super) fn carried() -> Vec<u8> {
    let stored = json!({
        "step!(\"list\")": value(&[], "alloc::vec::Vec<u32>", None, &[2, 1, 0xac, 2]),
        "sizes": value(&[7], SIZES, Some(2), &[3, 0x80, 1]),
        "sum": value(&[], "u64", None, &[0x83, 1]),
    });
    let grown = |bytes| CarriedChange("sizes", true, (vec![7], SIZES, Some(1), Bytes::new(bytes)));
    let replaced = CarriedChange("sum", false, (vec![], "u64", None, Bytes::new(&[0x84, 1])));
    let begun = CarriedChange("fresh", false, (vec![8], SIZES, Some(0), Bytes::new(&[])));
    let first = Change { micros: 1, carried: vec![grown(&[5]), replaced], ..Change::default() };
    let second = Change { micros: 2, carried: vec![begun, grown(&[0xff, 1])], ..Change::default() };
    let changes = [first, second].map(|change| (CHANGE, encoded(&change)));
    file(&with(fresh(), "carried", stored), &changes)
}

/// A struct that reads the values below, with its fields in another order.
#[derive(Debug, PartialEq, serde::Deserialize)]
pub(super) struct Swapped {
    pub(super) refused: u32,
    pub(super) paid: u64,
}

/// Returns a file with values by field names: a struct that changes, and a list of options that grows.
pub(super) fn named() -> Vec<u8> {
    // The schemas have version 1, and a struct at the root, whose fields are `u64` (10 and 11 among the kinds).
    let sum_names: &[u8] =
        b"\x01\x03\x06\0\0\x01\x0a\0\x01\x0a\0\x01\x03Sum\x02\x04paid\x01\x07refused\x02\0\0\x01\0";
    let list_names: &[u8] = b"\x01\x04\x02\x01\0\x06\0\0\x01\x0a\0\x01\x0a\0\x01\x03Sum\x02\x04paid\x02\x07refused\x03\0\0\x01\0";
    let stored = json!({
        "sum": {
            "within": [], "type_name": "job::Sum", "bytes": [3, 9],
            "form": { "Named": [sum_names, 1] },
        },
        "rows": {
            "within": [], "type_name": SIZES, "bytes": [0],
            "form": { "NamedList": [list_names, [{ "version": 1, "elements": 1, "len": 1 }]] },
        },
    });
    // These are: name, whether it appends, within, type, form, no names, version, and the bytes.
    let changed = b"\x03sum\0\0\x08job::Sum\x02\0\x01\x02\x03\x0a".to_vec();
    let mut grown = b"\x04rows\x01\0".to_vec();
    grown.push(u8::try_from(SIZES.len()).unwrap());
    grown.extend_from_slice(SIZES.as_bytes());
    grown.extend_from_slice(b"\x03\0\x01\x01\x02\x04\x04\x01\x01\x02\0");
    let change = [b"\x01\0\x02".as_slice(), &changed, &grown, &[0; 5]].concat();
    file(&with(fresh(), "carried", stored), &[(CHANGE, change)])
}

/// Returns a file with a loop that continues, and loops that begin in other items.
pub(super) fn nested() -> Vec<u8> {
    let stored = json!({
        "0": progress(&[], &[[0, 2]], Some(9), None),
        "1": progress(&[2], &[[0, 5]], None, None),
        "2": progress(&[2, 5], &[[0, 1], [3, 4]], Some(4), Some("Left")),
    });
    let inner =
        LoopChange { loop_id: 2, begun: Some(vec![2, 6]), count: 1, ..LoopChange::default() };
    let outer = LoopChange { count: 1, ..LoopChange::default() };
    let middle = LoopChange { loop_id: 1, begun: Some(vec![3]), ..LoopChange::default() };
    let change = |loops| (CHANGE, encoded(&Change { micros: 3, loops, ..Change::default() }));
    let advance = (ADVANCE, vec![1, 1, 1, 0]);
    file(
        &with(fresh(), "loops", stored),
        &[change(vec![inner]), advance, change(vec![outer, middle])],
    )
}

/// Returns a file with marks that are set, kept and moved.
pub(super) fn marked() -> Vec<u8> {
    let mut first = progress(&[], &[[0, 6]], None, None);
    first["mark"] = json!({ "index": 4, "fingerprint": 3_735_928_559_u32 });
    let stored = json!({ "0": first, "1": progress(&[], &[[0, 1]], None, None) });
    let marked = LoopChange { loop_id: 1, count: 2, mark: Some((0, 7)), ..LoopChange::default() };
    let unmarked = LoopChange { count: 1, ..LoopChange::default() };
    let loops = vec![marked, unmarked];
    file(
        &with(fresh(), "loops", stored),
        &[
            (CHANGE, encoded(&Change { micros: 1, loops, ..Change::default() })),
            (ADVANCE, vec![1, 2, 3, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]),
            (ADVANCE, vec![1, 1, 1, 0]),
        ],
    )
}

/// Returns a file with a loop by key that adds keys, walks its input again, and begins in another item.
pub(super) fn keyed() -> Vec<u8> {
    let mut outer = progress(&[], &[[0, 3]], Some(9), None);
    outer["keys"] = json!({ "made_by": 7, "hashes": [1, u64::MAX, 256] });
    let mut inner = progress(&[u64::MAX], &[[0, 1]], None, Some("Exhausted"));
    inner["keys"] = json!({ "made_by": 8, "hashes": [5] });
    let anew = LoopChange {
        begun: Some(vec![]),
        count: 2,
        total: Some(10),
        keys: Some((7, Bytes::new(&[9, 0, 0, 0, 0, 0, 0, 1]))),
        ..LoopChange::default()
    };
    let elsewhere = LoopChange { loop_id: 1, begun: Some(vec![9]), ..LoopChange::default() };
    let change = Change { micros: 1, loops: vec![anew, elsewhere], ..Change::default() };
    file(&with(fresh(), "loops", json!({ "0": outer, "1": inner })), &[(CHANGE, encoded(&change))])
}

/// Returns a file with a cursor that is replaced, and one that is kept.
pub(super) fn sought() -> Vec<u8> {
    let mut first = progress(&[], &[[0, 6]], None, None);
    first["cursor"] = value(&[], "i64", None, &[2]);
    let cursor = (vec![], "i64", None, Bytes::new(&[4]));
    let further = LoopChange { count: 1, cursor: Some(cursor), ..LoopChange::default() };
    let change = Change { micros: 1, loops: vec![further], ..Change::default() };
    file(
        &with(fresh(), "loops", json!({ "0": first })),
        &[(CHANGE, encoded(&change)), (ADVANCE, vec![1, 0, 1, 0])],
    )
}

/// Returns a file with an item that fails again, one that fails first, and two that are skipped.
pub(super) fn retried() -> Vec<u8> {
    let mut first = progress(&[], &[[0, 4]], None, None);
    first["attempts"] = json!({ "item": 4, "count": 2 });
    first["suspect"] =
        json!({ "item": 4, "crashes": 1, "in_flight": true, "cause": { "ItemTimeout": 30_000 } });
    let again = LoopChange { attempts: Some((4, 3)), ..LoopChange::default() };
    let suspect = Some((13, 0, true, Some(CrashCause::Signal(11))));
    let other = LoopChange { count: 9, attempts: Some((13, 1)), suspect, ..LoopChange::default() };
    let change = |loops, skipped| Change { micros: 1, loops, skipped, ..Change::default() };
    file(
        &with(with(fresh(), "loops", json!({ "0": first })), "skipped", json!(1)),
        &[(CHANGE, encoded(&change(vec![again], 0))), (CHANGE, encoded(&change(vec![other], 2)))],
    )
}

/// Returns a file with a dead letter, and another one in a record.
pub(super) fn given_up() -> Vec<u8> {
    let letter = json!({
        "loop_id": 2, "within": [4, 9], "key": 77, "fingerprint": 300, "attempts": 3,
        "failure": failure(),
    });
    let about: &[u8] = &[1, 1, 9, 1, 7, 1, 5, 3];
    let failure = &[0, 1, 3, 1, b'E', 2, b'n', b'o', 1, 1, b'c', 0, 5, 1, 1, b'n', 1, b'9', 0];
    let more = [about, failure].concat();
    let change =
        Change { micros: 1, dead_letters: Some((1, Bytes::new(&more))), ..Change::default() };
    file(&with(fresh(), "dead_letters", json!([letter])), &[(CHANGE, encoded(&change))])
}

/// Returns a file with incomplete items before complete ones, of which one and then two more complete, and with loops that a
/// `break` has left for good.
pub(super) fn put_back() -> Vec<u8> {
    let mut first = progress(&[], &[[0, 3], [4, 9], [11, 12]], Some(20), None);
    first["mark"] = json!({ "index": 3, "fingerprint": 300 });
    let mut second = progress(&[], &[[0, 9]], None, Some("Left"));
    second["closed_at"] = json!(300);
    file(
        &with(fresh(), "loops", json!({ "0": first, "1": second })),
        &[(ADVANCE, vec![1, 0, 1, 1, 7]), (ADVANCE, vec![1, 0, 2, 1, 9])],
    )
}

/// Returns a file with runs of every end, and a record that says that a run has stopped.
pub(super) fn often_run() -> Vec<u8> {
    let ends = [Some("Finished"), Some("Failed"), Some("Stopped"), Some("Died"), None];
    let runs: Vec<Value> = (9..).zip(ends).map(|(number, end)| run(number, end)).collect();
    let stopped = Change { micros: 1, end: Some(2), ..Change::default() };
    file(
        &with(with(fresh(), "history", json!(runs)), "run_count", json!(13)),
        &[(ADVANCE, vec![1, 0, 3, 0]), (CHANGE, encoded(&stopped))],
    )
}

/// Returns a file whose last record lacks its last two bytes. The second of them is 0, like allocated space.
pub(super) fn torn() -> Vec<u8> {
    let mut file = in_order();
    file.truncate(file.len() - 2);
    file.resize(file.len() + 100, 0);
    file
}
