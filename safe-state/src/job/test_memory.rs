//! Where the jobs of a test are that name no place: in memory, each thread's own, as each test has a thread.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use safe_state_backends::{Backend, MemoryBackend};

thread_local! {
    static MEMORY: RefCell<Arc<dyn Backend>> = RefCell::new(Arc::new(MemoryBackend::default()));
}

/// The memory of this thread.
pub(crate) fn memory() -> Arc<dyn Backend> {
    MEMORY.with_borrow(Arc::clone)
}

/// Does `work` with a memory that nothing else has.
#[cfg(feature = "testing")]
pub(crate) fn with_another<T>(work: impl FnOnce() -> T) -> T {
    /// Also where `work` panics.
    struct Reset(Option<Arc<dyn Backend>>);
    impl Drop for Reset {
        fn drop(&mut self) {
            if let Some(before) = self.0.take() {
                MEMORY.set(before);
            }
        }
    }
    let _reset = Reset(Some(MEMORY.replace(Arc::new(MemoryBackend::default()))));
    work()
}

/// Whether this process is one of `cargo test`, in a build that is meant for tests.
pub(crate) fn is_test() -> bool {
    static IS_TEST: OnceLock<bool> = OnceLock::new();
    cfg!(feature = "testing")
        && *IS_TEST.get_or_init(|| std::env::current_exe().is_ok_and(|exe| is_harness(&exe)))
}

/// Cargo runs tests as `deps/NAME-HASH`, and programs from where users find them.
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
