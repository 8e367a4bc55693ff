//! A fuzz target that decodes bytes that anyone may have made. Run it with `cargo +nightly fuzz run decode` in
//! `safe-state-backends/`.
//!
//! The input is a list of records, which are framed with right checksums: otherwise, hardly one input in four billion would
//! pass them. An input that begins with 0 is taken as it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use safe_state_backends::{Checkpoint, Results};

#[path = "../../tests/framing/mod.rs"]
mod framing;
mod records;

fuzz_target!(|input: &[u8]| {
    match input {
        [0, bytes @ ..] => read(bytes),
        _ => read(&framing::file(records::records(input))),
    }
});

fn read(bytes: &[u8]) {
    let Ok(checkpoint) = Checkpoint::decode(bytes) else { return };
    let _ = (checkpoint.to_string(), format!("{checkpoint:?}"), checkpoint.progress());
    for name in checkpoint.carried_names() {
        let _ = checkpoint.carried::<Results<u64>>(name);
        let _ = checkpoint.carried::<Vec<String>>(name);
    }
    for progress in checkpoint.loops() {
        assert!(!progress.completed().contains(progress.completed().prefix()));
        let in_ranges: u64 = progress.completed().ranges().map(|r| r.end - r.start).sum();
        assert_eq!(in_ranges, progress.completed().len());
    }
    assert_reads_back(&checkpoint);
    let mut checkpoint = checkpoint;
    let put_back = checkpoint.put_back_dead_letters();
    assert!(put_back.is_err() || checkpoint.dead_letters().is_empty());
    assert_reads_back(&checkpoint);
}

fn assert_reads_back(checkpoint: &Checkpoint) {
    let encoded = checkpoint.encode().unwrap();
    assert_eq!(&Checkpoint::decode(&encoded).unwrap(), checkpoint);
}
