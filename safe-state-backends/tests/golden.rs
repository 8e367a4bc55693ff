//! Files as they were written once. Every release reads them all, and those of the format it
//! writes come out the same to the byte.
//!
//! After a change to a format that no release has written yet:
//! `rm tests/golden/v1/*; SAFE_STATE_BLESS=1 cargo test -p safe-state-backends --test golden`

#[path = "golden/effects.rs"]
mod effects;
mod framing;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use safe_state_backends::{Checkpoint, CrashCause, Results};
use serde::Serialize;
use serde_bytes::Bytes;
use serde_json::{Value, json};

const SNAPSHOT: u8 = 1;
const ADVANCE: u8 = 2;
const CHANGE: u8 = 3;

fn directory() -> &'static Path {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/v1");
        if std::env::var_os("SAFE_STATE_BLESS").is_some() {
            bless(&directory);
        }
        directory
    });
    &DIRECTORY
}

/// Every golden file by its name, as this release writes it.
fn files() -> BTreeMap<&'static str, Vec<u8>> {
    let failed = with(fresh(), "failure", failure());
    BTreeMap::from([
        ("fresh", encode(&fresh())),
        ("in-order", in_order()),
        ("out-of-order", encode(&with(fresh(), "loops", out_of_order()))),
        ("failed", encode(&failed)),
        ("finished", encode(&with(with(failed, "failure", Value::Null), "finished", json!(true)))),
        ("torn", torn()),
        ("carried", carried()),
        ("nested", nested()),
        ("marked", marked()),
        ("keyed", keyed()),
        ("sought", sought()),
        ("retried", retried()),
        ("given-up", given_up()),
        ("reported", encode(&with(fresh(), "failure", reported()))),
        ("put-back", put_back()),
        ("often-run", often_run()),
    ])
}

fn fresh() -> Value {
    json!({
        "job": "müller/import",
        "version": "1.0",
        "code": 14_695_981_039_346_656_037_u64,
        "started_at": "2026-11-21T09:30:00.000001Z",
        "updated_at": "2026-11-21T09:30:00.000001Z",
        "run_count": 1,
        "finished": false,
        "item_nanos": null,
        "loops": {},
        "carried": {},
        "failure": null,
        "skipped": 0,
        "dead_letters": [],
        "history": [run(1, None)],
    })
}

fn run(number: u32, end: Option<&str>) -> Value {
    json!({
        "number": number,
        "pid": 4711,
        "host": "mail-2",
        "started_at": "2026-11-21T09:30:00.000001Z",
        "ended_at": end.map(|_| "2026-11-21T09:31:00Z"),
        "end": end,
        "completed": number * 7,
    })
}

fn with(mut checkpoint: Value, field: &str, value: Value) -> Value {
    checkpoint[field] = value;
    checkpoint
}

fn failure() -> Value {
    json!({
        "kind": "Error",
        "index": 6432,
        "error_type": "std::io::Error",
        "message": "connection reset",
        "causes": ["the peer is gone", "… and why"],
        "location": "src/main.rs:14:5",
        "at": "2026-11-21T09:31:00Z",
        "captured": [{ "name": "url", "value": "\"https://a.example\"" }],
        "details": null,
    })
}

/// A failure with all that a report tells.
fn reported() -> Value {
    let place = json!({ "file": "src/main.rs", "line": 14, "column": 5 });
    let mut failure = failure();
    failure["details"] = json!({
        "links": [{ "error_type": "std::io::Error", "debug": "Kind(ConnectionReset)" },
            { "error_type": null, "debug": null }],
        "trail": [{ "place": place, "expression": "send(order)", "error_type": "std::io::Error" }],
        "frames": [{ "address": 4096, "function": "billing::bill", "place": place, "is_own": true },
            { "address": 8192, "function": null, "place": null, "is_own": false }],
        "excerpts": [{ "file": "src/main.rs", "first": 13, "lines": ["for order in orders {", "    send(order)?; // ä", "}"], "is_newer": true }],
        "values": [
            { "origin": "Item", "depth": 0, "name": "order", "text": "Order" },
            { "origin": "Item", "depth": 1, "name": "id", "text": "7" },
            { "origin": "Argument", "depth": 0, "name": "rate", "text": "2" },
            { "origin": "Carried", "depth": 0, "name": "sum", "text": "9" },
        ],
        "spans": [{ "name": "billing::run", "fields": "day=3", "place": null }],
        "context": [{ "name": "host", "value": "mail-2" }],
    });
    failure
}

/// One container of each kind, and indices beyond 2^32.
fn out_of_order() -> Value {
    let list = (1..10).map(|i| [i * 20, i * 20 + 1]);
    let run = [[70_000, 130_000]];
    let bits = (0..2100).map(|i| [131_072 + i * 5, 131_072 + i * 5 + 3]);
    let far = [[4_294_967_296_u64, 4_294_967_300]];
    let beyond = list.chain(run).chain(bits).chain(far);
    let completed: Vec<_> = [[0, 7]].into_iter().chain(beyond).collect();
    json!({
        "0": progress(&[], &[[0, 100]], Some(100), Some("Exhausted")),
        "3": progress(&[], &completed, None, None),
    })
}

fn progress(
    within: &[u64],
    completed: &[[u64; 2]],
    total: Option<u64>,
    end: Option<&str>,
) -> Value {
    json!({
        "within": within,
        "completed": completed,
        "mark": null,
        "total": total,
        "end": end,
        "closed_at": null,
        "keys": null,
        "cursor": null,
        "attempts": null,
        "suspect": null,
    })
}

fn in_order() -> Vec<u8> {
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

/// A value that is replaced, a list that grows twice, and a variable that appears.
fn carried() -> Vec<u8> {
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

const SIZES: &str = "safe_state_backends::results::Results<u64>";

fn value(within: &[u64], type_name: &str, elements: Option<u64>, bytes: &[u8]) -> Value {
    json!({ "within": within, "type_name": type_name, "elements": elements, "bytes": bytes })
}

/// A loop that goes on where it was, and loops that begin in other items.
fn nested() -> Vec<u8> {
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

/// Marks that are set, kept and moved.
fn marked() -> Vec<u8> {
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

/// A loop by key that adds keys, walks its input anew, and begins in another item.
fn keyed() -> Vec<u8> {
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

/// A cursor that is replaced, and one that is kept.
fn sought() -> Vec<u8> {
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

/// An item that fails again, one that fails first, and two that are skipped.
fn retried() -> Vec<u8> {
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

/// A dead letter, and one more.
fn given_up() -> Vec<u8> {
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

/// Items before others that are complete, of which one and then two more are done, and loops that a
/// `break` has left for good.
fn put_back() -> Vec<u8> {
    let mut first = progress(&[], &[[0, 3], [4, 9], [11, 12]], Some(20), None);
    first["mark"] = json!({ "index": 3, "fingerprint": 300 });
    let mut second = progress(&[], &[[0, 9]], None, Some("Left"));
    second["closed_at"] = json!(300);
    file(
        &with(fresh(), "loops", json!({ "0": first, "1": second })),
        &[(ADVANCE, vec![1, 0, 1, 1, 7]), (ADVANCE, vec![1, 0, 2, 1, 9])],
    )
}

/// Runs of every end, and one that is told to have stopped.
fn often_run() -> Vec<u8> {
    let ends = [Some("Finished"), Some("Failed"), Some("Stopped"), Some("Died"), None];
    let runs: Vec<Value> = (9..).zip(ends).map(|(number, end)| run(number, end)).collect();
    let stopped = Change { micros: 1, end: Some(2), ..Change::default() };
    file(
        &with(with(fresh(), "history", json!(runs)), "run_count", json!(13)),
        &[(ADVANCE, vec![1, 0, 3, 0]), (CHANGE, encoded(&stopped))],
    )
}

/// The fields of a change, in the order of `docs/format.md`.
#[derive(Default, Serialize)]
struct Change<'a> {
    micros: u64,
    loops: Vec<LoopChange>,
    carried: Vec<CarriedChange>,
    item_nanos: Option<u64>,
    failure: Option<Failure>,
    skipped: u64,
    dead_letters: Option<(u64, &'a Bytes)>,
    end: Option<u32>,
}

#[derive(Default, Serialize)]
struct LoopChange {
    loop_id: u16,
    begun: Option<Vec<u64>>,
    count: u64,
    mark: Option<(u64, u32)>,
    total: Option<u64>,
    end: Option<u32>,
    keys: Option<(u32, &'static Bytes)>,
    cursor: Option<Carried>,
    attempts: Option<(u64, u32)>,
    suspect: Option<(u64, u32, bool, Option<CrashCause>)>,
}

/// Name, whether it appends, and the value.
#[derive(Serialize)]
struct CarriedChange(&'static str, bool, Carried);

/// Within, type, elements, bytes.
type Carried = (Vec<u64>, &'static str, Option<u64>, &'static Bytes);

type Failure = (
    (u32, Option<u64>, &'static str, &'static str),
    (
        &'static [&'static str],
        Option<&'static str>,
        u64,
        &'static [(&'static str, &'static str)],
        &'static Bytes,
    ),
);

fn encoded(change: &Change<'_>) -> Vec<u8> {
    postcard::to_stdvec(change).unwrap()
}

fn file(snapshot: &Value, records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let snapshot = payload(&encode(snapshot));
    let records = records.iter().map(|(kind, payload)| (*kind, payload.as_slice()));
    framing::file(std::iter::once((SNAPSHOT, snapshot.as_slice())).chain(records))
}

/// The last record lacks its last two bytes, of which the second is 0 as allocated space is.
fn torn() -> Vec<u8> {
    let mut file = in_order();
    file.truncate(file.len() - 2);
    file.resize(file.len() + 100, 0);
    file
}

fn encode(checkpoint: &Value) -> Vec<u8> {
    let checkpoint: Checkpoint = serde_json::from_value(checkpoint.clone()).unwrap();
    checkpoint.encode().unwrap()
}

/// The payload of the snapshot that is all of a file.
fn payload(file: &[u8]) -> Vec<u8> {
    file[16 + 9..].to_vec()
}

fn read(name: &str, extension: &str) -> Vec<u8> {
    let path = directory().join(name).with_extension(extension);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Writes the golden files that are missing.
fn bless(directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    let cache = directory.join("mails.idempotency");
    if !cache.exists() {
        fs::write(cache, effects::file()).unwrap();
    }
    for (name, bytes) in files() {
        let path = directory.join(name).with_extension("safestate");
        if !path.exists() {
            let json = serde_json::to_vec(&Checkpoint::decode(&bytes).unwrap()).unwrap();
            fs::write(path.with_extension("json"), json).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

#[test]
fn every_golden_file_reads_as_it_did_and_is_written_as_it_was() {
    for (name, bytes) in files() {
        let golden = read(name, "safestate");
        let expected: Value = serde_json::from_slice(&read(name, "json")).unwrap();
        let decoded = Checkpoint::decode(&golden).unwrap();
        assert_eq!(serde_json::to_value(&decoded).unwrap(), expected, "{name}");
        assert_eq!(serde_json::from_value::<Checkpoint>(expected).unwrap(), decoded, "{name}");
        assert_eq!(bytes, golden, "{name}");
    }
}

#[test]
fn no_golden_file_is_without_a_test() {
    let names = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let names = names.filter(|path| path.extension() != Some("idempotency".as_ref()));
    let stems = names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    let stems: BTreeSet<_> = stems.collect();
    assert!(stems.iter().eq(files().keys()), "{stems:?}");
}

#[test]
fn a_torn_file_is_the_one_before_its_last_record() {
    let whole = Checkpoint::decode(&read("in-order", "safestate")).unwrap();
    let torn = Checkpoint::decode(&read("torn", "safestate")).unwrap();
    assert_eq!(whole.loop_progress(0), torn.loop_progress(0));
    assert_eq!(whole.loop_progress(1).unwrap().completed().len(), 2);
    assert_eq!(torn.loop_progress(1), None);
}

#[test]
fn what_is_appended_stands_behind_what_was_there() {
    let checkpoint = Checkpoint::decode(&read("carried", "safestate")).unwrap();
    let sizes = checkpoint.carried_within::<Results<u64>>("sizes", &[7]).unwrap().unwrap();
    assert_eq!(*sizes, [3, 128, 5, 255]);
    assert_eq!(checkpoint.carried("fresh"), Ok(Some(Results::<u64>::new())));
    assert_eq!(checkpoint.carried("sum"), Ok(Some(132_u64)));
    assert_eq!(checkpoint.carried("step!(\"list\")"), Ok(Some(vec![1_u32, 300])));
}

#[test]
fn a_loop_that_begins_in_other_items_forgets_what_it_was() {
    let checkpoint = Checkpoint::decode(&read("nested", "safestate")).unwrap();
    let loops = checkpoint.loops().map(|it| (it.within(), it.completed().len(), it.total()));
    let expected: [(&[u64], u64, Option<u64>); 3] =
        [(&[], 3, Some(9)), (&[3], 0, None), (&[2, 6], 1, None)];
    assert!(loops.eq(expected));
}

#[test]
fn a_mark_is_the_item_that_was_told_last() {
    let checkpoint = Checkpoint::decode(&read("marked", "safestate")).unwrap();
    let marks = checkpoint.loops().map(|it| it.mark().map(|mark| (mark.index, mark.fingerprint)));
    assert!(marks.eq([Some((4, 0xdead_beef)), Some((0, 7)), Some((2, u32::MAX))]));
}

#[test]
fn items_that_were_put_back_are_the_next() {
    let checkpoint = Checkpoint::decode(&read("put-back", "safestate")).unwrap();
    assert_eq!(checkpoint.completed().to_string(), "0-11");
    let mark = checkpoint.loop_progress(0).unwrap().mark().unwrap();
    assert_eq!((mark.index, mark.fingerprint), (10, 9));
}

#[test]
fn keys_and_cursors_stay_until_told_otherwise() {
    let checkpoint = Checkpoint::decode(&read("keyed", "safestate")).unwrap();
    let keys = checkpoint.loop_progress(0).unwrap().keys().unwrap();
    assert_eq!(keys.hashes(), [1, u64::MAX, 256, 1 << 56 | 9]);
    assert_eq!(checkpoint.completed().prefix(), 2, "of the walk begun anew");
    assert_eq!(checkpoint.loop_progress(1).unwrap().keys(), None);
    let checkpoint = Checkpoint::decode(&read("sought", "safestate")).unwrap();
    let cursor = checkpoint.loop_progress(0).unwrap().cursor().unwrap();
    assert_eq!(cursor.decode("cursor!()"), Ok(2_i64));
}
