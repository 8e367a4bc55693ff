//! Payloads of records, with arbitrary lengths and counts.

use std::sync::Arc;

use safe_state_backends::format::Change;
use safe_state_backends::{
    Backend, CarriedChange as Changed, Carry, Checkpoint, LeaseOptions, MemoryBackend, Results,
    Store,
};
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

pub(super) type Loop<'a> = (u16, LoopProgress<'a>);
type LoopProgress<'a> = (Of<'a>, Option<u64>, OfItems<'a>);
type Of<'a> = (&'a [u64], u64, &'a Bytes, Option<(u64, u32)>, Option<u64>, Option<u32>);
/// The optional fields of a loop: keys, cursor, attempts, suspect.
type OfItems<'a> = (Option<Keys<'a>>, Option<Value<'a>>, Option<(u64, u32)>, Option<Suspect>);
/// The fields of a suspect, the last of which is the signal that the process died of.
type Suspect = (u64, u32, bool, Option<(u32, i32)>);
type Keys<'a> = (u32, &'a Bytes);
pub(super) const NEITHER: OfItems = (None, None, None, None);
pub(super) type Value<'a> = (&'a [u64], &'a str, Option<u64>, &'a Bytes);

/// Returns a snapshot of these loops and carried values, each with its key.
pub(super) fn snapshot_of(loops: &[Loop], carried: &[(String, Value)]) -> Vec<u8> {
    let head = ("job", Some("1.0"), Some(3_u64), 7_u64, 9_u64, 1_u32, false, None::<u64>);
    let runs = vec![run(); 3];
    postcard::to_stdvec(&(head, loops, carried, None::<u32>, 3_u64, letters(), runs)).unwrap()
}

type Run = (u32, u32, &'static str, u64, Option<u64>, Option<u32>, u64);

pub(super) fn run() -> Run {
    (1, 4711, "mail-2", 7, Some(9), Some(3), 4)
}

/// Returns a snapshot of one loop, with its prefix and the bytes of its bitmap, and two carried values.
pub(super) fn snapshot(prefix: u64, bitmap: &[u8]) -> Vec<u8> {
    let progress = (&[][..], prefix, Bytes::new(bitmap), Some((4, 99)), None, None);
    let progress = (
        0,
        (
            progress,
            Some(300),
            (
                Some((7, Bytes::new(&[9; 24]))),
                Some(words()),
                Some((7, 2)),
                Some((7, 1, true, None)),
            ),
        ),
    );
    let carried = [("sizes".to_owned(), list(2, &[1, 2])), ("words".to_owned(), words())];
    snapshot_of(&[progress], &carried)
}

pub(super) const LIST: &str = "safe_state_backends::results::Results<u64>";
pub(super) const STRINGS: &str = "alloc::vec::Vec<alloc::string::String>";

pub(super) fn list(elements: u64, bytes: &[u8]) -> Value<'_> {
    (&[], LIST, Some(elements), Bytes::new(bytes))
}

fn words() -> Value<'static> {
    (&[1], STRINGS, None, Bytes::new(b"\x02\x01a\x00"))
}

type LoopChange<'a> =
    ((u16, Option<&'a [u64]>, u64, Option<(u64, u32)>, Option<u64>, Option<u32>), OfItems<'a>);
type CarriedChange<'a> = (String, bool, Value<'a>);

pub(super) fn change_of(loops: &[LoopChange], carried: &[CarriedChange]) -> Vec<u8> {
    let rest = (None::<u64>, None::<u32>, 0_u64, None::<u32>, None::<u32>);
    postcard::to_stdvec(&(2_u64, loops, carried, rest)).unwrap()
}

pub(super) fn change() -> Vec<u8> {
    let keys = (7, Bytes::new(&[1; 16]));
    let inner: LoopChange = (
        (1, Some(&[3]), 3, Some((9, 9)), Some(9), None),
        (Some(keys), None, Some((7, 3)), Some((8, 1, true, Some((0, 11))))),
    );
    let outer: LoopChange = ((0, None, 3, None, None, Some(1)), (None, Some(words()), None, None));
    let carried = [appended(2, &[3, 4]), ("words".to_owned(), false, words())];
    let causes = ["cause", ""].as_slice();
    let captured = [("url", "a"), ("", "")].as_slice();
    let details = Bytes::new(&[0; 7]);
    let failure =
        (0_u8, Some(3_u64), "E", "message", causes, None::<&str>, 5_u64, captured, details);
    postcard::to_stdvec(&(
        2_u64,
        [inner, outer].as_slice(),
        carried.as_slice(),
        Some(1_u64),
        Some(failure),
        1_u64,
        Some(letters()),
        Some(2_u32),
    ))
    .unwrap()
}

/// Returns a dead letter.
pub(super) fn letters() -> (u64, &'static Bytes) {
    (1, Bytes::new(&[0, 1, 9, 1, 7, 1, 5, 3, 0, 1, 3, 1, b'E', 1, b'm', 0, 0, 5, 0, 0]))
}

/// Returns the change that adds elements to the list of [`snapshot`].
pub(super) fn appended(elements: u64, bytes: &[u8]) -> CarriedChange<'_> {
    ("sizes".to_owned(), true, list(elements, bytes))
}

#[derive(Clone, Serialize, Deserialize)]
enum Named {
    Unit,
    Struct { id: u64, note: Option<Vec<String>> },
    Any(serde_json::Value),
    Own(Vec<Named>),
}

/// Returns the payload of a snapshot with values by field names, and that of a change of them.
pub(super) fn named() -> (Vec<u8>, Vec<u8>) {
    let backend = Arc::new(MemoryBackend::default());
    let opening =
        Store::open(Arc::clone(&backend) as Arc<dyn Backend>, "job", LeaseOptions::default());
    let mut store = opening.unwrap().begin(Checkpoint::new("job", None)).unwrap();
    let mut rows = Results::new();
    let mut change = |store: &Store, row: Named| {
        rows.push(row.clone());
        let stored = |name| store.checkpoint().carried_value(name);
        let carried: Vec<Changed> = [
            rows.change("rows", vec![], stored("rows")),
            vec![row].change("row", vec![], stored("row")),
        ]
        .into_iter()
        .filter_map(Result::unwrap)
        .collect();
        Change { carried, ..Change::default() }
    };
    let json = serde_json::json!({ "a": [1, null, "b"] });
    let note = Some(vec!["note".to_owned()]);
    for row in [Named::Unit, Named::Struct { id: 300, note }, Named::Any(json)] {
        let change = change(&store, row);
        store.save(change).unwrap();
    }
    let last = change(&store, Named::Own(vec![Named::Unit, Named::Any(1.into())]));
    // The payload follows the header and the head of the frame.
    let snapshot = store.checkpoint().encode().unwrap()[16 + 9..].to_vec();
    (snapshot, postcard::to_stdvec(&last).unwrap())
}

/// Returns the payload of a snapshot with values stored as differences, and that of a change of them.
pub(super) fn differing() -> (Vec<u8>, Vec<u8>) {
    let backend = Arc::new(MemoryBackend::default());
    let opening =
        Store::open(Arc::clone(&backend) as Arc<dyn Backend>, "job", LeaseOptions::default());
    let mut store = opening.unwrap().begin(Checkpoint::new("job", None)).unwrap();
    let mut text = "long ".repeat(120);
    let mut save = |store: &mut Store, names: &[&str]| {
        text.insert(300, 'x');
        let change = |name: &&str| {
            let stored = store.checkpoint().whole_value(name);
            text.change(name, vec![], stored.as_deref()).unwrap()
        };
        let carried = names.iter().filter_map(change).collect();
        store.save(Change { carried, ..Change::default() }).unwrap();
    };
    save(&mut store, &["text!start"]);
    save(&mut store, &["text", "text!end 0"]);
    let snapshot = store.checkpoint().encode().unwrap()[16 + 9..].to_vec();
    let before = backend.load("job").unwrap().unwrap().len();
    save(&mut store, &["text!end 1", "text"]);
    let record = backend.load("job").unwrap().unwrap()[before + 9..].to_vec();
    assert!(snapshot.len() < 1000 && record.len() < 200, "they are told by how they differ");
    (snapshot, record)
}
