//! Tests many threads that use one cache.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use safe_state::FileBackend;
use safe_state::idempotency::{Effect, IdempotencyCache, IdempotencyError};

#[test]
fn one_of_many_threads_has_the_effect_and_all_have_its_result() {
    let dir = tempfile::tempdir().unwrap();
    let cache = IdempotencyCache::open(FileBackend::new(dir.path()), "cache").unwrap();
    let happened: Vec<AtomicU32> = (0..20).map(AtomicU32::new).collect();
    thread::scope(|scope| {
        for begin in 0..8 {
            let (cache, happened) = (&cache, &happened);
            scope.spawn(move || {
                for key in (0..20).cycle().skip(begin).take(20) {
                    let once = cache.once(&key, || {
                        thread::sleep(Duration::from_millis(1));
                        happened[key].fetch_add(100, Ordering::Relaxed)
                    });
                    assert_eq!(once.unwrap().value(), u32::try_from(key).ok());
                }
            });
        }
    });
    let happened: Vec<u32> = happened.into_iter().map(AtomicU32::into_inner).collect();
    assert_eq!(happened, (100..120).collect::<Vec<_>>());
    assert_eq!(cache.len(), 20);
}

#[test]
fn who_waits_for_an_effect_that_panics_is_told_that_it_is_in_doubt() {
    let cache = IdempotencyCache::open("memory:", "panicking").unwrap();
    thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            cache.once("it", || -> u8 {
                thread::sleep(Duration::from_millis(50));
                panic!("half done")
            })
        });
        while cache.is_empty() && !panicking.is_finished() {
            thread::yield_now();
        }
        assert!(cache.in_doubt::<String>().unwrap().is_empty());
        assert!(matches!(cache.seen("it"), Err(IdempotencyError::UnderWay { .. })));
        cache.clear().unwrap();
        assert!(cache.once("it", || 1_u8).unwrap().is_in_doubt());
        panicking.join().unwrap_err();
    });
}

#[test]
fn an_effect_that_asks_for_itself_is_told() {
    let cache = IdempotencyCache::open("memory:", "own").unwrap();
    let once = cache.once(&1, || {
        assert_eq!(cache.once(&2, || 2).unwrap(), Effect::Now(2));
        let own = cache.once(&1, || 1);
        assert!(matches!(own, Err(IdempotencyError::UnderWay { .. })));
    });
    assert_eq!(once.unwrap(), Effect::Now(()));
}
