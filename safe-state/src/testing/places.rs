//! Where a test ends one run of a job.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::control::staged::{Ended, Staged, with};

/// Does `job`, whose run is cancelled when so many items of its outermost loops are complete: it saves, and returns
/// [`Error::Stopped`](crate::Error::Stopped). A run that has no more items than that finishes.
///
/// As the others here, it sees the runs that begin on its thread.
///
/// ```
/// use safe_state::{resumable, testing};
///
/// #[resumable(carry(sum))]
/// fn total(orders: &[u64]) -> anyhow::Result<u64> {
///     let mut sum = 0;
///     for order in orders {
///         sum += order;
///     }
///     Ok(sum)
/// }
///
/// # fn main() {
/// testing::in_memory(|| {
///     testing::stop_after(2, || total(&[20, 30, 50]).unwrap_err());
///     assert_eq!(total::peek_checkpoint().unwrap().unwrap().completed().len(), 2);
///     assert_eq!(total(&[20, 30, 50]).unwrap(), 100);
/// });
/// # }
/// ```
pub fn stop_after<R>(items: u64, job: impl FnOnce() -> R) -> R {
    with(Staged::After(items), job)
}

/// Does `job`, whose run is cancelled before it evaluates the `step!` of that name: it returns
/// [`Error::Stopped`](crate::Error::Stopped). A run for which the step is remembered goes on.
///
/// ```
/// use safe_state::{resumable, step, testing};
///
/// #[resumable]
/// fn release(version: u32) -> anyhow::Result<String> {
///     let built = step!("build", format!("build {version}"));
///     step!("publish", ());
///     Ok(built)
/// }
///
/// # fn main() {
/// testing::in_memory(|| {
///     testing::stop_at_step("publish", || release(7).unwrap_err());
///     assert_eq!(release(7).unwrap(), "build 7");
/// });
/// # }
/// ```
pub fn stop_at_step<R>(name: &str, job: impl FnOnce() -> R) -> R {
    with(Staged::AtStep(name.to_owned()), job)
}

/// Does `job`, whose run fails in the item of that index, as by a panic there which nothing prints. `None` if it did;
/// what `job` gives if it came to no such item.
///
/// ```
/// use safe_state::{resumable, testing};
///
/// #[resumable(carry(sum))]
/// fn total(orders: &[u64]) -> anyhow::Result<u64> {
///     let mut sum = 0;
///     for order in orders {
///         sum += order;
///     }
///     Ok(sum)
/// }
///
/// # fn main() {
/// testing::in_memory(|| {
///     assert!(testing::fail_at(1, || total(&[20, 30, 50])).is_none());
///     assert_eq!(total(&[20, 30, 50]).unwrap(), 100);
/// });
/// # }
/// ```
///
/// # Panics
///
/// If `job` does.
pub fn fail_at<R>(index: u64, job: impl FnOnce() -> R) -> Option<R> {
    match with(Staged::InItem(index), || catch_unwind(AssertUnwindSafe(job))) {
        Ok(result) => Some(result),
        Err(panic) if panic.is::<Ended>() => None,
        Err(panic) => resume_unwind(panic),
    }
}
