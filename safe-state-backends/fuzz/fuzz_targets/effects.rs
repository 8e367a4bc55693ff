//! A fuzz target that reads an idempotency cache from bytes that anyone may have made, and uses it. To run it, call `cargo
//! +nightly fuzz run effects` in `safe-state-backends/`. The input has the form of that of `decode`.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use safe_state_backends::{
    Backend, Bounds, Carry, EffectState, EffectStore, Error, LeaseOptions, MemoryBackend,
};

#[path = "../../tests/framing/mod.rs"]
mod framing;
mod records;

/// The name in the snapshot. Inputs of a corpus have to contain it, so that more than their first frame is read.
const NAME: &str = "c";

fuzz_target!(|input: &[u8]| {
    match input {
        [0, bytes @ ..] => read(bytes),
        _ => read(&framing::file(records::records(input))),
    }
});

fn open(backend: &Arc<MemoryBackend>) -> Result<EffectStore, Error> {
    EffectStore::open(Arc::clone(backend) as _, NAME, LeaseOptions::default(), Bounds::NONE)
}

fn read(bytes: &[u8]) {
    let backend = Arc::new(MemoryBackend::default());
    backend.save(NAME, bytes).unwrap();
    let Ok(mut store) = open(&backend) else { return };
    let begun: Vec<Vec<u8>> = store.begun().map(|(key, _)| key.to_vec()).collect();
    for key in &begun {
        assert!(matches!(store.get(key), Some(EffectState::Begun(_))));
        store.finish(key, None).unwrap();
    }
    let value = 7_u64.change("it", Vec::new(), None).unwrap().unwrap().value;
    store.finish(b"more", Some(value)).unwrap();
    let len = store.len();
    drop(store);
    let mut again = open(&backend).unwrap();
    assert_eq!((again.len(), again.begun().count()), (len, 0));
    assert!(begun.iter().all(|key| again.is_done(key)));
}
