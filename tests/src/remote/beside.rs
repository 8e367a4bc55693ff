//! Checks items side by side.

use std::sync::{Arc, Mutex};

use safe_state::Job;

use super::{LONG, backend};

/// Checks that runs that fail do each item once together, and that the checkpoint tells which items are done.
pub fn side_by_side(url: &str) {
    let job = Job::new("side-by-side").backend(Arc::clone(&backend(url, LONG)));
    let did = Mutex::<Vec<u64>>::default();
    for failing in [Some(23), Some(31), None] {
        let ended = job.par_iter(0..40_u64).threads(4).try_for_each(|item| {
            anyhow::ensure!(failing != Some(item), "item {item}");
            did.lock().unwrap().push(item);
            Ok(())
        });
        let failed = ended.err().map(|error| error.to_string());
        assert_eq!(failed, failing.map(|item| format!("item {item}")));
        did.lock().unwrap().sort_unstable();
        let stored = job.peek_checkpoint().unwrap();
        let complete = stored.map(|it| it.completed().ranges().flatten().collect::<Vec<u64>>());
        assert_eq!(complete, failing.map(|_| did.lock().unwrap().clone()));
    }
    assert_eq!(did.into_inner().unwrap(), (0..40).collect::<Vec<_>>());
}
