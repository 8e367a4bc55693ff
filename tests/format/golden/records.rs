//! The records behind a snapshot, field by field as in `docs/format.md`.

use safe_state_backends::CrashCause;
use serde::Serialize;
use serde_bytes::Bytes;
use serde_json::Value;

use super::snapshots::encode;
use crate::framing;

const SNAPSHOT: u8 = 1;
pub(super) const ADVANCE: u8 = 2;
pub(super) const CHANGE: u8 = 3;

/// The fields of a change, in the order of `docs/format.md`.
#[derive(Default, Serialize)]
pub(super) struct Change<'a> {
    pub(super) micros: u64,
    pub(super) loops: Vec<LoopChange>,
    pub(super) carried: Vec<CarriedChange>,
    pub(super) item_nanos: Option<u64>,
    pub(super) failure: Option<Failure>,
    pub(super) skipped: u64,
    pub(super) dead_letters: Option<(u64, &'a Bytes)>,
    pub(super) end: Option<u32>,
}

#[derive(Default, Serialize)]
pub(super) struct LoopChange {
    pub(super) loop_id: u16,
    pub(super) begun: Option<Vec<u64>>,
    pub(super) count: u64,
    pub(super) mark: Option<(u64, u32)>,
    pub(super) total: Option<u64>,
    pub(super) end: Option<u32>,
    pub(super) keys: Option<(u32, &'static Bytes)>,
    pub(super) cursor: Option<Carried>,
    pub(super) attempts: Option<(u64, u32)>,
    pub(super) suspect: Option<(u64, u32, bool, Option<CrashCause>)>,
}

/// A carried change: its name, whether it appends, and the value.
#[derive(Serialize)]
pub(super) struct CarriedChange(pub(super) &'static str, pub(super) bool, pub(super) Carried);

/// A carried value: within, type, elements, bytes.
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

pub(super) fn encoded(change: &Change<'_>) -> Vec<u8> {
    postcard::to_stdvec(change).unwrap()
}

pub(super) fn file(snapshot: &Value, records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let snapshot = payload(&encode(snapshot));
    let records = records.iter().map(|(kind, payload)| (*kind, payload.as_slice()));
    framing::file(std::iter::once((SNAPSHOT, snapshot.as_slice())).chain(records))
}

/// Returns the payload of the snapshot that is the only record of a file.
fn payload(file: &[u8]) -> Vec<u8> {
    file[16 + 9..].to_vec()
}
