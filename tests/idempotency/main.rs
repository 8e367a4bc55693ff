//! Tests effects that happen once, or are in doubt: no effect is repeated, or passed over, without a word.

mod attribute;
mod futures;
mod kills;
mod threads;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use safe_state::backend::{Backend, Error, SqliteBackend};
use safe_state::idempotency::{
    CacheOptions, Done, Effect, IdempotencyCache, IdempotencyError, NotDone,
};
use safe_state::{FileBackend, MemoryBackend};
use safe_state_tests::{Faulty, Worker};

fn open(backend: &Arc<dyn Backend>) -> IdempotencyCache {
    IdempotencyCache::open(Arc::clone(backend), "cache").unwrap()
}

/// Returns a backend of each kind, with the folder that they need.
fn backends() -> (tempfile::TempDir, [Arc<dyn Backend>; 3]) {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = SqliteBackend::new(dir.path().join("db"));
    let file = FileBackend::new(dir.path());
    (dir, [Arc::new(file), Arc::new(MemoryBackend::default()), Arc::new(sqlite)])
}

#[test]
fn what_is_marked_is_known_to_the_next_process() {
    for backend in backends().1 {
        let cache = open(&backend);
        assert!(cache.is_empty() && !cache.seen("a").unwrap());
        cache.mark("a").unwrap();
        cache.mark("a").unwrap();
        cache.mark("b").unwrap();
        drop(cache);
        let cache = open(&backend);
        assert!(cache.seen("a").unwrap() && cache.contains("b") && !cache.contains("c"));
        assert_eq!(cache.len(), 2);
        cache.forget("a").unwrap();
        cache.forget("c").unwrap();
        drop(cache);
        let cache = open(&backend);
        assert_eq!((cache.contains("a"), cache.len()), (false, 1));
        cache.clear().unwrap();
        drop(cache);
        assert!(open(&backend).is_empty());
    }
}

#[test]
fn an_effect_happens_once() {
    for backend in backends().1 {
        let cache = open(&backend);
        assert_eq!(
            cache.once(&(7, "a"), || "it".to_owned()).unwrap(),
            Effect::Now("it".to_owned())
        );
        done_before(&cache);
        drop(cache);
        done_before(&open(&backend));
        let cache = open(&backend);
        cache.mark(&(8, "a")).unwrap();
        assert_eq!(cache.once(&(8, "a"), || 1).unwrap(), Effect::Marked);
    }
}

fn done_before(cache: &IdempotencyCache) {
    let again = cache.once(&(7, "a"), || -> String { panic!("it is done") });
    assert_eq!(again.unwrap(), Effect::Before("it".to_owned()));
    assert!(cache.seen(&(7, "a")).unwrap());
}

fn begun(cache: &IdempotencyCache, key: u8) {
    let panicking = || cache.once(&key, || -> u8 { panic!("half done") });
    catch_unwind(AssertUnwindSafe(panicking)).unwrap_err();
}

#[test]
fn an_effect_that_was_begun_is_in_doubt_until_it_is_settled() {
    for backend in backends().1 {
        let cache = open(&backend);
        begun(&cache, 1);
        let error = cache.try_once(&2_u8, || Err::<u8, _>("timed out")).unwrap_err();
        let IdempotencyError::Effect { source, .. } = &error else { panic!("{error}") };
        assert_eq!(source.to_string(), "timed out");
        drop(cache);

        let cache = open(&backend);
        let keys: Vec<u8> = cache.in_doubt().unwrap().into_iter().map(|(key, _)| key).collect();
        assert_eq!((keys, cache.len(), cache.is_empty()), (vec![1, 2], 0, false));
        for key in [1_u8, 2] {
            assert!(cache.once(&key, || -> u8 { panic!("again") }).unwrap().is_in_doubt());
            assert!(!cache.contains(&key));
            for refused in [cache.seen(&key).map(drop), cache.mark(&key), cache.forget(&key)] {
                assert!(matches!(refused, Err(IdempotencyError::InDoubt { .. })));
            }
        }
        cache.settle(&1_u8, Done(10_u8)).unwrap();
        cache.settle(&2_u8, NotDone).unwrap();
        drop(cache);

        let cache = open(&backend);
        assert_eq!(cache.once(&1_u8, || 0_u8).unwrap(), Effect::Before(10));
        assert_eq!(cache.once(&2_u8, || 20_u8).unwrap(), Effect::Now(20));
        let refused = cache.settle(&3_u8, NotDone).and(cache.settle(&1_u8, Done(0_u8)));
        assert!(matches!(refused, Err(IdempotencyError::NotInDoubt { .. })));
        begun(&cache, 4);
        assert!(matches!(cache.in_doubt::<String>(), Err(IdempotencyError::Key { .. })));
        cache.clear().unwrap();
        assert!(cache.is_empty());
    }
}

#[test]
fn an_effect_whose_intent_cannot_be_saved_does_not_happen() {
    let faulty = Arc::new(Faulty::default());
    let cache = IdempotencyCache::open(Arc::clone(&faulty), "cache").unwrap();
    faulty.break_only(&["saving"]);
    let refused = cache.once(&1, || -> u8 { panic!("its intent is nowhere") });
    assert!(matches!(refused, Err(IdempotencyError::Backend(_))));
    faulty.break_only(&[]);
    assert_eq!(cache.once(&1, || 1).unwrap(), Effect::Now(1));
}

#[test]
fn an_effect_whose_result_is_not_saved_is_in_doubt_elsewhere() {
    let faulty = Arc::new(Faulty::default());
    let cache = IdempotencyCache::open(Arc::clone(&faulty), "cache").unwrap();
    let breaking = cache.once(&1, || faulty.break_only(&["saving"]));
    assert!(matches!(breaking, Err(IdempotencyError::Backend(_))));
    assert_eq!(cache.once(&1, || ()).unwrap(), Effect::Before(()));
    drop(cache);
    faulty.break_only(&[]);
    let cache = IdempotencyCache::open(Arc::clone(&faulty), "cache").unwrap();
    assert!(cache.once(&1, || ()).unwrap().is_in_doubt());
}

#[test]
fn old_effects_are_forgotten_and_effects_in_doubt_are_not() {
    for backend in backends().1 {
        // The time is long enough for new keys to be looked at before they expire, however busy the machine is.
        let expiry = Duration::from_secs(2);
        let expiring = CacheOptions::new().expire_after(expiry);
        let cache = expiring.open(Arc::clone(&backend), "expiring").unwrap();
        begun(&cache, 1);
        cache.mark(&2).unwrap();
        thread::sleep(expiry + Duration::from_millis(10));
        cache.mark(&3).unwrap();
        assert!(!cache.contains(&2) && cache.contains(&3));
        assert_eq!((cache.len(), cache.in_doubt::<u8>().unwrap().len()), (1, 1));
        assert_eq!(cache.once(&2, || 5).unwrap(), Effect::Now(5));
        drop(cache);

        let bounded = CacheOptions::new().max_len(3);
        let cache = bounded.open(Arc::clone(&backend), "bounded").unwrap();
        begun(&cache, 9);
        (1..=5_u8).for_each(|key| cache.mark(&key).unwrap());
        assert_eq!(cache.once(&3_u8, || ()).unwrap(), Effect::Marked);
        cache.mark(&3_u8).unwrap();
        cache.mark(&6_u8).unwrap();
        let left: Vec<u8> = (1..=6).filter(|key| cache.contains(key)).collect();
        assert_eq!((left, cache.len()), (vec![3, 5, 6], 3));
        drop(cache);
        let cache = bounded.open(Arc::clone(&backend), "bounded").unwrap();
        assert_eq!((cache.len(), cache.in_doubt::<u8>().unwrap().len()), (3, 1));
    }
}

#[test]
fn a_key_or_a_result_that_does_not_fit_is_told() {
    let (dir, [file, ..]) = backends();
    let cache = open(&file);
    let long = "x".repeat(5000);
    let error = cache.mark(&long).unwrap_err().to_string();
    assert!(error.ends_with("it is longer than 4 KiB; take a hash of it"), "{error}");
    assert!(!cache.contains(&long));
    cache.once(&1, || 700_u64).unwrap();
    let error = cache.once(&1, || 7_u8).unwrap_err().to_string();
    let expected = "what an effect of the idempotency cache `cache` came to: \
                    `result` was saved as `u64`, and does not read as `u8` without loss: ";
    assert!(error.starts_with(expected), "{error}");
    drop(cache);

    // A job may have the name of the cache, which is stored beside it.
    let job = safe_state::Job::new("cache").state_dir(dir.path());
    let cache = open(&file);
    job.run(0..1, |_| Ok::<(), safe_state::Error>(())).unwrap();
    drop(cache);
    let of_the_cache = safe_state::Job::new("cache.idempotency").state_dir(dir.path());
    let error = of_the_cache.peek_checkpoint().unwrap_err().to_string();
    assert!(error.contains("this is an idempotency cache, and not a checkpoint"), "{error}");
}

#[test]
fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command.arg("cache");
    let worker = Worker::holding_by(command, dir.path());
    let refused = IdempotencyCache::open(FileBackend::new(dir.path()), "held").unwrap_err();
    let IdempotencyError::Backend(Error::Held { holder: Some(holder), .. }) = &refused else {
        panic!("{refused}")
    };
    assert_eq!(holder.pid(), worker.pid());
    worker.kill();
    IdempotencyCache::open(FileBackend::new(dir.path()), "held").unwrap();
}
