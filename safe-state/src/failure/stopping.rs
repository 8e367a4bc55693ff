//! A body that ends its run on purpose: `return Err(stop!("reason"))`.

use std::cell::RefCell;
use std::fmt::Arguments;

use safe_state_backends::Failure;

use crate::Error;

thread_local! {
    /// What the error says that this thread has made last to end a run.
    static STOPPING: RefCell<Option<Stopping>> = const { RefCell::new(None) };
}

/// That a run is to end on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stopping {
    pub(crate) reason: String,
    /// What the error says.
    message: String,
}

impl Stopping {
    pub(crate) fn take() -> Option<Self> {
        STOPPING.take()
    }

    pub(crate) fn put_back(self) {
        STOPPING.set(Some(self));
    }

    /// The one of this thread, if the failure is the error that it was made with, or has it for a cause.
    pub(crate) fn of(failure: &Failure) -> Option<Self> {
        let stopping = STOPPING.with_borrow(Clone::clone)?;
        let is_it = |text: &str| text.contains(&stopping.message);
        let has_it = is_it(failure.message()) || failure.causes().iter().any(|it| is_it(it));
        has_it.then_some(stopping)
    }
}

/// The error by which a body ends its run on purpose.
pub fn stop<E: From<Error>>(reason: Arguments<'_>) -> E {
    let error = Error::StoppedItself { reason: reason.to_string() };
    let message = crate::error::message(format_args!("{error}"));
    let reason = crate::error::message(reason);
    Stopping { reason, message }.put_back();
    error.into()
}

/// The error by which an item ends its run on purpose: `return Err(stop!("the tape is full"))`.
///
/// It is no failure: what is complete is saved, the job is *stopped* and not *failed*, no item is tried again or given up,
/// and no report is made. A later run goes on with that item. The function's caller gets the error, which is
/// [`Error::StoppedItself`](crate::Error::StoppedItself) in whatever type the function's errors have.
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
