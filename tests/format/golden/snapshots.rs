//! The contents of snapshots as JSON, in the form of `serde_json`.

use safe_state_backends::Checkpoint;
use serde_json::{Value, json};

pub(super) fn fresh() -> Value {
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

pub(super) fn run(number: u32, end: Option<&str>) -> Value {
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

pub(super) fn with(mut checkpoint: Value, field: &str, value: Value) -> Value {
    checkpoint[field] = value;
    checkpoint
}

pub(super) fn failure() -> Value {
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

/// Returns a checkpoint whose failure has all details of a report.
pub(super) fn reported() -> Value {
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

/// Returns a checkpoint whose bitmap has one container of each kind, and indices beyond 2^32.
pub(super) fn out_of_order() -> Value {
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

pub(super) fn progress(
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

pub(super) fn value(within: &[u64], type_name: &str, elements: Option<u64>, bytes: &[u8]) -> Value {
    let form = elements.map_or(json!("Plain"), |elements| json!({ "PlainList": elements }));
    json!({ "within": within, "type_name": type_name, "form": form, "bytes": bytes })
}

pub(super) fn encode(checkpoint: &Value) -> Vec<u8> {
    let checkpoint: Checkpoint = serde_json::from_value(checkpoint.clone()).unwrap();
    checkpoint.encode().unwrap()
}
