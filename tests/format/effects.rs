//! Tests of the effects of an idempotency cache: they are written as `docs/format.md` says, whole after any crash, and readable
//! from bytes that anyone may have made.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use safe_state_backends::format::FormatError;
use safe_state_backends::{
    Backend, Bounds, Carry, Checkpoint, EffectState, EffectStore, Error, LeaseOptions,
    MemoryBackend,
};
use serde_bytes::Bytes;

use super::framing;

const NAME: &str = "mails.idempotency";
const EFFECTS: u8 = 16;
const EFFECT: u8 = 17;

fn open_in(backend: &Arc<MemoryBackend>) -> Result<EffectStore, Error> {
    EffectStore::open(Arc::clone(backend) as _, NAME, LeaseOptions::default(), Bounds::NONE)
}

fn holding(bytes: &[u8]) -> Arc<MemoryBackend> {
    let backend = Arc::new(MemoryBackend::default());
    backend.save(NAME, bytes).unwrap();
    backend
}

fn open(bytes: &[u8]) -> Result<EffectStore, Error> {
    open_in(&holding(bytes))
}

type Value<'a> = Option<(&'a [u64], &'a str, Option<u64>, &'a Bytes)>;

fn snapshot(done: &[(&Bytes, u64, Value)], begun: &[(&Bytes, u64)]) -> Vec<u8> {
    postcard::to_stdvec(&(NAME, done, begun)).unwrap()
}

/// Returns a change with its number in the format, its key, and what follows the key.
fn change(number: u32, key: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut bytes = postcard::to_stdvec(&(number, Bytes::new(key))).unwrap();
    bytes.extend_from_slice(rest);
    bytes
}

fn records() -> [(u8, Vec<u8>); 4] {
    let seven: Value = Some((&[], "u64", None, Bytes::new(&[7])));
    let (a, b, c) = (Bytes::new(b"a"), Bytes::new(b"b"), Bytes::new(b"c"));
    [
        (EFFECTS, snapshot(&[(a, 1, seven), (c, 2, None)], &[(b, 3)])),
        (EFFECT, change(0, b"d", &[4])),
        (EFFECT, change(1, b"b", &postcard::to_stdvec(&(5_u64, seven)).unwrap())),
        (EFFECT, change(2, b"c", &[])),
    ]
}

fn framed(records: &[(u8, Vec<u8>)]) -> Vec<u8> {
    framing::file(records.iter().map(|(kind, payload)| (*kind, payload.as_slice())))
}

#[test]
fn what_the_format_says_is_read() {
    let mut store = open(&framed(&records())).unwrap();
    let value = |key: &[u8]| match store.get(key) {
        Some(EffectState::Done(value)) => value.map(|value| value.decode::<u64>("it").unwrap()),
        other => panic!("{key:?} is {other:?}"),
    };
    assert_eq!((value(b"a"), value(b"b")), (Some(7), Some(7)));
    assert_eq!(store.get(b"c"), None);
    let begun: Vec<_> = store.begun().map(|(key, _)| key.to_vec()).collect();
    assert_eq!((begun, store.len()), (vec![b"d".to_vec()], 2));
}

#[test]
fn what_is_written_is_as_the_format_says() {
    let backend = holding(&framed(&records()));
    drop(open_in(&backend).unwrap());
    let seven: Value = Some((&[], "u64", None, Bytes::new(&[7])));
    let (a, b, d) = (Bytes::new(b"a"), Bytes::new(b"b"), Bytes::new(b"d"));
    let expected = snapshot(&[(a, 1, seven), (b, 5, seven)], &[(d, 4)]);
    assert_eq!(backend.load(NAME).unwrap().unwrap(), framed(&[(EFFECTS, expected)]));
}

fn refused(records: &[(u8, Vec<u8>)], reason: &str) {
    let bytes = framed(records);
    let backend = holding(&bytes);
    let error = open_in(&backend).unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
    assert_eq!(backend.load(NAME).unwrap().unwrap(), bytes, "it was not left as it was");
}

#[test]
fn what_does_not_fit_is_refused() {
    let [first, begun, ..] = records();
    let a = Bytes::new(b"a");
    let twice =
        |done: &[_], begun: &[_]| refused(&[(EFFECTS, snapshot(done, begun))], "there twice");
    twice(&[(a, 1, None), (a, 1, None)], &[]);
    twice(&[(a, 1, None)], &[(a, 1)]);
    twice(&[], &[(a, 1), (a, 1)]);
    let long = vec![0; EffectStore::KEY_LIMIT + 1];
    refused(&[(EFFECTS, snapshot(&[(Bytes::new(&long), 1, None)], &[]))], "longer than 4 KiB");
    refused(&[first.clone(), (EFFECT, change(2, &long, &[]))], "longer than 4 KiB");
    refused(&[first.clone(), (EFFECT, change(3, b"a", &[]))], "what its kind says");
    refused(&[first.clone(), (EFFECT, change(2, b"a", &[0]))], "longer than what it holds");
    refused(&[first.clone(), (3, begun.1.clone())], "unknown kind");
    refused(&[first.clone(), first.clone()], "unknown kind");
    refused(&[begun], "no snapshot");
    let other = postcard::to_stdvec(&("other", [(); 0].as_slice(), [(); 0].as_slice())).unwrap();
    refused(&[(EFFECTS, other)], "holds the checkpoint of job `other`");
}

#[test]
fn a_checkpoint_is_no_cache_and_a_cache_no_checkpoint() {
    let error = Checkpoint::decode(&framed(&records())).unwrap_err();
    assert!(matches!(error, FormatError::OtherKind(_)), "{error}");
    assert!(error.to_string().starts_with("this is an idempotency cache, and not a checkpoint"));
    let error = open(&Checkpoint::new(NAME, None).encode().unwrap()).unwrap_err().to_string();
    assert!(error.contains("this is a checkpoint, and not an idempotency cache"), "{error}");
}

/// The state of each key, without the times.
type Known = BTreeMap<u8, Option<Option<u64>>>;

fn known(store: &EffectStore) -> Known {
    let state = |key| match store.get(&[key])? {
        EffectState::Begun(_) => Some((key, None)),
        EffectState::Done(value) => {
            Some((key, Some(value.map(|value| value.decode("it").unwrap()))))
        }
    };
    (0..4).filter_map(state).collect()
}

/// An operation on a key.
type Step = (u8, u8);

fn take(store: &mut EffectStore, (step, key): Step) {
    let value = u64::from(step);
    let carried = || value.change("it", Vec::new(), None).unwrap().map(|change| change.value);
    match step % 5 {
        0 | 1 => store.begin(&[key]).unwrap(),
        2 => store.finish(&[key], carried()).unwrap(),
        3 => store.finish(&[key], None).unwrap(),
        _ => store.forget(&[key]).unwrap(),
    }
}

/// Returns the file after some steps in one process, with its length and the state after each step.
fn saved(steps: &[Step]) -> (Vec<u8>, Vec<(usize, Known)>) {
    let backend = Arc::new(MemoryBackend::default());
    let mut store = open_in(&backend).unwrap();
    let bytes = || backend.load(NAME).unwrap().unwrap();
    let mut states = vec![(bytes().len(), known(&store))];
    for step in steps {
        take(&mut store, *step);
        states.push((bytes().len(), known(&store)));
    }
    (bytes(), states)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_that_is_cut_off_falls_back_to_what_was_saved(
        steps in proptest::collection::vec((any::<u8>(), 0_u8..4), 0..20),
    ) {
        let (bytes, states) = saved(&steps);
        for len in 0..=bytes.len() {
            let whole = states.iter().rfind(|(end, _)| *end <= len).map(|(_, known)| known);
            let found = open(&bytes[..len]).ok().as_ref().map(known);
            prop_assert_eq!(found.as_ref(), whole, "cut at {}", len);
        }
    }

    #[test]
    fn a_flipped_bit_is_no_state_that_never_was(
        steps in proptest::collection::vec((any::<u8>(), 0_u8..4), 1..8),
    ) {
        let (mut bytes, states) = saved(&steps);
        // A flip in the last save leads to the state before; any other is an error.
        let before = states.iter().rfind(|(end, _)| *end < bytes.len());
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let expected = before.filter(|(end, _)| *end <= bit / 8).map(|(_, known)| known);
            let found = open(&bytes).ok().as_ref().map(known);
            prop_assert_eq!(found.as_ref(), expected, "bit {}", bit);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn what_is_known_is_known_again(
        runs in proptest::collection::vec(proptest::collection::vec((any::<u8>(), 0_u8..4), 0..300), 1..3),
    ) {
        let backend = Arc::new(MemoryBackend::default());
        let mut expected = Known::new();
        for steps in runs {
            let mut store = open_in(&backend).unwrap();
            prop_assert_eq!(&known(&store), &expected);
            for step in steps {
                take(&mut store, step);
            }
            expected = known(&store);
        }
        prop_assert_eq!(known(&open_in(&backend).unwrap()), expected);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        records in proptest::collection::vec(
            (prop_oneof![Just(EFFECTS), Just(EFFECT), any::<u8>()], proptest::collection::vec(any::<u8>(), 0..200)),
            0..4,
        ),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        read(&framed(&records));
        let mut records = self::records();
        for (_, payload) in &mut records {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        read(&framed(&records));
    }
}

/// Reads bytes with a limit on memory. A key takes at least 5 bytes in the file, as all are different, and about 200 in memory.
fn read(bytes: &[u8]) {
    let backend = holding(bytes);
    let measured = allocation_counter::measure(|| drop(open_in(&backend)));
    let limit = 50 * bytes.len() as u64 + 64 * 1024;
    assert!(measured.bytes_max <= limit, "{} of {limit} bytes", measured.bytes_max);
}

#[test]
fn many_small_keys_take_no_more_memory_than_they_justify() {
    let keys: Vec<[u8; 2]> = (0..=u16::MAX).map(u16::to_be_bytes).collect();
    let done: Vec<_> = keys.iter().map(|key| (Bytes::new(key), 1_u64, None)).collect();
    read(&framed(&[(EFFECTS, snapshot(&done, &[]))]));
    let begun: Vec<_> = keys.iter().map(|key| (Bytes::new(key), 1_u64)).collect();
    read(&framed(&[(EFFECTS, snapshot(&[], &begun))]));
    // The bytes claim a length, and nothing follows.
    read(&framed(&[(EFFECTS, postcard::to_stdvec(&(NAME, u64::MAX)).unwrap())]));
}

#[test]
fn a_file_grows_with_what_it_holds_and_not_with_what_was_done() {
    let backend = Arc::new(MemoryBackend::default());
    let mut store = open_in(&backend).unwrap();
    for round in 0..10_000_u32 {
        store.begin(&[u8::try_from(round % 7).unwrap()]).unwrap();
        store.finish(&[u8::try_from(round % 7).unwrap()], None).unwrap();
    }
    let len = backend.load(NAME).unwrap().unwrap().len();
    assert!(len < 4096, "{len} bytes");
}
