//! Places where a test ends a run of a job.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::control::staged::{Ended, Staged, with};

/// Calls `job` and cancels its run when `items` items of its outermost loops are complete: the run saves, and returns
/// [`Error::Stopped`](crate::Error::Stopped). A run that has no more items than that finishes.
///
/// The function sees only the runs that begin on its thread, like the others of this module.
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

/// Calls `job` and cancels its run before it evaluates the `step!` with the name `name`: the run returns
/// [`Error::Stopped`](crate::Error::Stopped). A run that remembers the step goes on.
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

/// Calls `job` and lets its run fail in the item `index`, as if the item panicked; nothing prints the panic. Returns
/// `None` if the run failed there, and the result of `job` if it never came to the item.
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
/// If `job` panics for another reason.
pub fn fail_at<R>(index: u64, job: impl FnOnce() -> R) -> Option<R> {
    match with(Staged::InItem(index), || catch_unwind(AssertUnwindSafe(job))) {
        Ok(result) => Some(result),
        Err(panic) if panic.is::<Ended>() => None,
        Err(panic) => resume_unwind(panic),
    }
}
