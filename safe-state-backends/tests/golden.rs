//! Files as they were written once. Every release reads them all, and those of the format it
//! writes come out the same to the byte.
//!
//! After a change to a format that no release has written yet:
//! `rm tests/golden/v1/*; SAFE_STATE_BLESS=1 cargo test -p safe-state-backends --test golden`

mod framing;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use safe_state_backends::Checkpoint;
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
    ])
}

fn fresh() -> Value {
    json!({
        "job": "müller/import",
        "version": "1.0",
        "started_at": "2026-11-21T09:30:00.000001Z",
        "updated_at": "2026-11-21T09:30:00.000001Z",
        "run_count": 1,
        "finished": false,
        "item_nanos": null,
        "loops": {},
        "failure": null,
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
    })
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
        "0": { "completed": [[0, 100]], "total": 100, "end": "Exhausted" },
        "3": { "completed": completed, "total": null, "end": null },
    })
}

fn in_order() -> Vec<u8> {
    let snapshot = payload(&encode(&fresh()));
    let change = postcard::to_stdvec(&(
        (1_000_u64, 0_u16, 4_u64, Some(400_u64), Some(1_u32), Some(25_000_u64)),
        Some((
            1_u32,
            Some(9_u64),
            "panic",
            "index out of bounds",
            ["a cause"].as_slice(),
            None::<&str>,
            5_u64,
        )),
    ));
    framing::file([
        (SNAPSHOT, snapshot.as_slice()),
        (ADVANCE, &[5, 0, 1]),
        (ADVANCE, &[0xe8, 0x07, 0, 0xac, 0x02]),
        (CHANGE, &change.unwrap()),
        (ADVANCE, &[1, 1, 2]),
    ])
}

/// The last record lacks its last byte; after it there is allocated space.
fn torn() -> Vec<u8> {
    let mut file = in_order();
    file.pop();
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
