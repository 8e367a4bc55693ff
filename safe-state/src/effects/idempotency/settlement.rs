//! What is told of an effect that was in doubt.

use safe_state_backends::{Carried, CarriedError, Carry};

/// The effect has happened, and came to this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done<T>(pub T);

/// The effect has not happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDone;

/// What can be told of an effect that is in doubt: [`Done`] or [`NotDone`].
pub trait Settlement: sealed::Sealed {
    /// What is to be stored; `None` if the effect is to be forgotten.
    #[doc(hidden)]
    fn stored(self) -> Result<Option<Carried>, CarriedError>;
}

impl<T: Carry> Settlement for Done<T> {
    fn stored(self) -> Result<Option<Carried>, CarriedError> {
        stored(&self.0)
    }
}

impl Settlement for NotDone {
    fn stored(self) -> Result<Option<Carried>, CarriedError> {
        Ok(None)
    }
}

/// What stands for a value in the cache. As nothing is stored of it before, it is new.
pub(super) fn stored<T: Carry>(value: &T) -> Result<Option<Carried>, CarriedError> {
    Ok(value.change(NAME, Vec::new(), None)?.map(|change| change.value))
}

/// The name of the value in messages.
pub(super) const NAME: &str = "result";

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::Done<T> {}
    impl Sealed for super::NotDone {}
}
