//! The stop of a run from inside its body, on purpose: `return Err(stop!("reason"))`.

use std::cell::RefCell;
use std::fmt::Arguments;

use safe_state_backends::Failure;

use crate::Error;

thread_local! {
    /// The last stop that this thread has made an error for.
    static STOPPING: RefCell<Option<Stopping>> = const { RefCell::new(None) };
}

/// A request of the body to end its run on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stopping {
    pub(crate) reason: String,
    /// The message of the error that was made for it.
    message: String,
}

impl Stopping {
    pub(crate) fn take() -> Option<Self> {
        STOPPING.take()
    }

    pub(crate) fn put_back(self) {
        STOPPING.set(Some(self));
    }

    /// Returns the last stop of this thread, if its message is in the failure or in one of its causes.
    pub(crate) fn of(failure: &Failure) -> Option<Self> {
        let stopping = STOPPING.with_borrow(Clone::clone)?;
        let is_it = |text: &str| text.contains(&stopping.message);
        let has_it = is_it(failure.message()) || failure.causes().iter().any(|it| is_it(it));
        has_it.then_some(stopping)
    }
}

/// Makes the error by which a body ends its run on purpose, and notes it for this thread.
pub fn stop<E: From<Error>>(reason: Arguments<'_>) -> E {
    let error = Error::StoppedItself { reason: reason.to_string() };
    let message = crate::error::message(format_args!("{error}"));
    let reason = crate::error::message(reason);
    Stopping { reason, message }.put_back();
    error.into()
}

/// Makes the error by which an item ends its run on purpose: `return Err(stop!("the tape is full"))`.
///
/// This is no failure: progress is saved, the job is *stopped* and not *failed*, no item is tried again or given up,
/// and no report is made. A later run goes on with the same item. The function's caller gets the error, which is
/// [`Error::StoppedItself`](crate::Error::StoppedItself), converted to the function's error type.
///
/// ```
/// use safe_state::{Error, Job, State, resumable, stop};
///
/// #[resumable(name = "tape", backend = "memory:tape", companion = false)]
/// fn write(blocks: &[u64], room: u64) -> anyhow::Result<()> {
///     for block in blocks {
///         if *block >= room {
///             return Err(stop!("the tape is full at block {block}"));
///         }
///     }
///     Ok(())
/// }
///
/// # fn main() {
/// let error = write(&[0, 1, 2], 2).unwrap_err();
/// assert!(error.downcast_ref::<Error>().is_some_and(Error::is_stopped));
/// assert_eq!(error.to_string(), "the run ended itself: the tape is full at block 2; run it again to go on");
/// # }
/// ```
#[macro_export]
macro_rules! stop {
    ($($reason:tt)+) => {
        $crate::__private::stop($crate::__private::format_args!($($reason)+))
    };
}
