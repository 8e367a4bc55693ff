//! Memory that holds the checkpoints of a test's jobs that name no place. Each thread has its own memory, as each test
//! has a thread. The threads of an executor share one memory, because a job may go on on any of them.

use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};
use std::thread;

use safe_state_backends::{Backend, MemoryBackend};

thread_local! {
    static MEMORY: RefCell<Option<Arc<dyn Backend>>> = const { RefCell::new(None) };
    /// Whether `with_another` runs on this thread: then the thread counts as a test's in any process.
    static IS_ASKED_FOR: Cell<bool> = const { Cell::new(false) };
}

static OF_EXECUTORS: LazyLock<Arc<dyn Backend>> = LazyLock::new(new);

fn new() -> Arc<dyn Backend> {
    Arc::new(MemoryBackend::default())
}

/// Returns the memory of this thread, which is created at the first call.
pub(crate) fn memory() -> Arc<dyn Backend> {
    let is_executors = thread::current().name().is_some_and(|name| !is_path(name));
    let first = || if is_executors { Arc::clone(&OF_EXECUTORS) } else { new() };
    MEMORY.with_borrow_mut(|memory| Arc::clone(memory.get_or_insert_with(first)))
}

/// Returns whether a thread's name may be a test's. Executors name their threads `tokio-rt-worker` and the like, with a
/// `-`.
fn is_path(name: &str) -> bool {
    name.chars().all(|it| it.is_alphanumeric() || matches!(it, '_' | ':'))
}

/// Calls `work` with a new memory that nothing else uses.
#[cfg(feature = "testing")]
pub(crate) fn with_another<T>(work: impl FnOnce() -> T) -> T {
    /// Restores the earlier memory, even if `work` panics.
    struct Reset(Option<Arc<dyn Backend>>, bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            MEMORY.set(self.0.take());
            IS_ASKED_FOR.set(self.1);
        }
    }
    let _reset = Reset(MEMORY.replace(Some(new())), IS_ASKED_FOR.replace(true));
    work()
}

/// Returns whether this process is a test that Cargo built, in a build with the feature `testing`, or this thread has
/// asked for a memory.
pub(crate) fn is_test() -> bool {
    static IS_TEST: OnceLock<bool> = OnceLock::new();
    let is_harness = || std::env::current_exe().is_ok_and(|exe| is_harness(&exe));
    cfg!(feature = "testing") && (IS_ASKED_FOR.get() || *IS_TEST.get_or_init(is_harness))
}

/// Returns whether Cargo built `program` as a test: Cargo runs tests as `deps/NAME-HASH`, and programs without the
/// hash.
fn is_harness(program: &Path) -> bool {
    const HASH_LEN: usize = 16;
    let is_in_deps = program.parent().and_then(Path::file_name) == Some(OsStr::new("deps"));
    let stem = program.file_stem().and_then(OsStr::to_str);
    let hash = stem.and_then(|stem| stem.rsplit_once('-')).map(|(_, hash)| hash);
    let is_hash = |hash: &str| hash.len() == HASH_LEN && u64::from_str_radix(hash, 16).is_ok();
    is_in_deps && hash.is_some_and(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_tests() {
        let is_test = |path: &str| is_harness(Path::new(path));
        assert!(is_test("/src/target/debug/deps/billing-0123456789abcdef"));
        assert!(!is_test("/src/target/debug/billing"));
        assert!(!is_test("/src/target/debug/deps/billing"));
        assert!(!is_test("/opt/deps/billing-v2"));
        assert!(!is_test("/opt/billing-0123456789abcdef"));
    }
}
