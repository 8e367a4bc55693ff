//! Tests with golden files, which were written once. Every release reads all of them, and writes those of the present format to
//! the byte.
//!
//! After a change to a format that no release has written yet:
//! `rm tests/golden/v2/*; SAFE_STATE_BLESS=1 cargo test -p safe-state-tests --test format`

mod effects;
mod jobs;
mod kinds;
mod records;
mod snapshots;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use safe_state_backends::{Checkpoint, Results};
use serde_json::{Value, json};

use super::framing;
use jobs::{
    Swapped, carried, given_up, in_order, keyed, marked, named, nested, often_run, put_back,
    retried, sought, torn,
};
use snapshots::{encode, failure, fresh, out_of_order, reported, with};

/// The format versions with golden files, the oldest first. The last is the one that is written now.
const VERSIONS: [u8; 2] = [1, 2];

fn directory(version: u8) -> PathBuf {
    static BLESSED: Once = Once::new();
    let directory =
        |version| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/v{version}"));
    if std::env::var_os("SAFE_STATE_BLESS").is_some() {
        BLESSED.call_once(|| bless(&directory(VERSIONS[VERSIONS.len() - 1])));
    }
    directory(version)
}

/// Returns every golden file by its name, as this release writes it.
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
        ("named", named()),
        ("worklist", kinds::worklist()),
        ("differing", kinds::differing()),
        ("workers", kinds::workers()),
        ("timings", kinds::timings()),
    ])
}

/// Returns the golden files that exist since `version`.
fn files_of(version: u8) -> BTreeMap<&'static str, Vec<u8>> {
    let is_new =
        |name: &str| ["named", "worklist", "differing", "workers", "timings"].contains(&name);
    let is_there = |name: &str| version > 1 || !is_new(name);
    let files = files().into_iter().filter(|(name, _)| is_there(name));
    files.map(|(name, bytes)| (name, [&framing::header(version), &bytes[16..]].concat())).collect()
}

fn read(name: &str, extension: &str) -> Vec<u8> {
    read_of(VERSIONS[VERSIONS.len() - 1], name, extension)
}

fn read_of(version: u8, name: &str, extension: &str) -> Vec<u8> {
    let path = directory(version).join(name).with_extension(extension);
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
    for version in VERSIONS {
        for (name, bytes) in files_of(version) {
            let golden = read_of(version, name, "safestate");
            let expected: Value = serde_json::from_slice(&read_of(version, name, "json")).unwrap();
            let decoded = Checkpoint::decode(&golden).unwrap();
            assert_eq!(serde_json::to_value(&decoded).unwrap(), expected, "{name}");
            assert_eq!(serde_json::from_value::<Checkpoint>(expected).unwrap(), decoded, "{name}");
            assert_eq!(bytes, golden, "{name} of version {version}");
        }
    }
}

/// The reader in Python knows `docs/format.md` alone.
#[test]
fn the_page_is_enough_to_read_every_golden_file() {
    let folders = VERSIONS.map(directory);
    let reader = folders[0].with_file_name("reader.py");
    let done = Command::new("python3").arg(reader).args(folders).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    for (name, values) in [
        ("differing", r#"{"text": "ZbcXefghij", "text!start": "abcdefghij"}"#),
        ("named", r#""rows": [null, {"Some": {"paid": 1, "refused": 2}}, null]"#),
        ("worklist", r#"{"queue": [9, 5, 7], "rows": [4], "rows!end 0": [1]}"#),
    ] {
        let is_there = |line: &str| line.contains(name) && line.contains(values);
        assert!(said.lines().any(is_there), "{name}: {said}");
    }
}

#[test]
fn no_golden_file_is_without_a_test() {
    for version in VERSIONS {
        let names = fs::read_dir(directory(version)).unwrap().map(|entry| entry.unwrap().path());
        let names = names.filter(|path| path.extension() != Some("idempotency".as_ref()));
        let stems = names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
        let stems: BTreeSet<_> = stems.collect();
        assert!(stems.iter().eq(files_of(version).keys()), "{stems:?}");
    }
}

#[test]
fn values_with_names_are_read_by_them() {
    let checkpoint = Checkpoint::decode(&read("named", "safestate")).unwrap();
    let sum: Option<Swapped> = checkpoint.carried("sum").unwrap();
    assert_eq!(sum, Some(Swapped { refused: 10, paid: 3 }));
    let rows = checkpoint.carried::<Results<Option<Swapped>>>("rows").unwrap().unwrap();
    let expected = [None, Some(Swapped { refused: 2, paid: 1 }), None];
    assert_eq!(*rows, expected);
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
