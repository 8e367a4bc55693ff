//! Tests async effects.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use safe_state::FileBackend;
use safe_state::idempotency::{Effect, IdempotencyCache};

#[tokio::test]
async fn an_async_effect_happens_once() {
    let dir = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(dir.path());
    let cache = Arc::new(IdempotencyCache::open(backend.clone(), "cache").unwrap());
    let happened = Arc::new(AtomicU32::new(0));
    let tasks = [0; 8].map(|task| {
        let (cache, happened) = (Arc::clone(&cache), Arc::clone(&happened));
        // The future may move to another thread.
        tokio::spawn(async move {
            let effect = || async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                happened.fetch_add(1, Ordering::Relaxed)
            };
            assert_eq!(cache.once_async(&task, effect).await.unwrap().value(), Some(0));
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(happened.load(Ordering::Relaxed), 1);
    drop(cache);
    let cache = IdempotencyCache::open(backend, "cache").unwrap();
    assert_eq!(cache.once_async(&0, || async { 9_u32 }).await.unwrap(), Effect::Before(0));
    let failing = || async { Err::<u32, _>("timed out") };
    let error = cache.try_once_async(&1, failing).await.unwrap_err();
    assert!(error.to_string().contains("may have happened"), "{error}");
    assert!(cache.once_async(&1, || async { 9_u32 }).await.unwrap().is_in_doubt());
}

#[tokio::test]
async fn an_effect_that_is_dropped_is_in_doubt() {
    let cache = IdempotencyCache::open("memory:", "cache").unwrap();
    // The effect is dropped wherever it waits: for its saves, or in the middle of the effect.
    for key in 0..50_u64 {
        let effect = || tokio::time::sleep(Duration::from_micros(50));
        let time = Duration::from_micros(key * 10);
        let finished = tokio::time::timeout(time, cache.once_async(&key, effect)).await;
        let known = cache.once_async(&key, || async {}).await.unwrap();
        match finished {
            Ok(once) => assert_eq!((once.unwrap(), known), (Effect::Now(()), Effect::Before(()))),
            Err(_) => assert_ne!(known, Effect::Marked, "{key}"),
        }
    }
    let begun = tokio::sync::Notify::new();
    let effect = || async {
        begun.notify_one();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = begun.notified() => {}
        ended = cache.once_async(&50_u64, effect) => panic!("{ended:?}"),
    }
    assert!(cache.once(&50_u64, || ()).unwrap().is_in_doubt());
}
