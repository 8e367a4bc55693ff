//! The golden file of an idempotency cache.

use std::fs;
use std::sync::Arc;

use safe_state_backends::{Backend, Bounds, EffectState, EffectStore, LeaseOptions, MemoryBackend};
use serde_bytes::Bytes;

use super::{VERSIONS, directory};
use crate::framing;

const EFFECTS: u8 = 16;
const EFFECT: u8 = 17;
const NAME: &str = "müller/mails.idempotency";

type Value = (&'static [u64], &'static str, Option<u64>, &'static Bytes);

fn receipt() -> Value {
    (&[], "u64", None, Bytes::new(&[0xac, 2]))
}

/// Returns a file with two effects done and one begun. The records behind them finish that one, forget one, and begin another.
pub(super) fn file() -> Vec<u8> {
    let (a, b, c, d) =
        (Bytes::new(b"\x01a"), Bytes::new(b"\x01b"), Bytes::new(b"\x01c"), Bytes::new(b"\x01d"));
    let done = [(a, 300_u64, Some(receipt())), (b, 301, None)];
    let snapshot = postcard::to_stdvec(&(NAME, done.as_slice(), [(c, 302_u64)].as_slice()));
    let changes = [
        postcard::to_stdvec(&(1_u32, c, 303_u64, Some(receipt()))),
        postcard::to_stdvec(&(2_u32, b)),
        postcard::to_stdvec(&(0_u32, d, 304_u64)),
    ];
    let changes = changes.map(Result::unwrap);
    let changes = changes.iter().map(|change| (EFFECT, change.as_slice()));
    framing::file(std::iter::once((EFFECTS, snapshot.unwrap().as_slice())).chain(changes))
}

#[test]
fn a_cache_reads_as_it_did() {
    VERSIONS.into_iter().for_each(reads_as_it_did);
}

fn reads_as_it_did(version: u8) {
    let golden = fs::read(directory(version).join("mails.idempotency")).unwrap();
    assert_eq!([&framing::header(version), &file()[16..]].concat(), golden);
    let backend = Arc::new(MemoryBackend::default());
    backend.save(NAME, &golden).unwrap();
    let mut store =
        EffectStore::open(backend, NAME, LeaseOptions::default(), Bounds::NONE).unwrap();
    for key in [b"\x01a", b"\x01c"] {
        let Some(EffectState::Done(Some(value))) = store.get(key) else { panic!("{key:?}") };
        assert_eq!(value.decode("receipt"), Ok(300_u64));
    }
    assert_eq!((store.get(b"\x01b"), store.len()), (None, 2));
    assert!(store.begun().map(|(key, _)| key).eq([b"\x01d"]));
}
