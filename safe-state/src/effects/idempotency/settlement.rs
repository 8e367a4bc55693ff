//! The answers that settle an effect in doubt.

use safe_state_backends::{Carried, CarriedError, Carry};

/// The effect in doubt has happened, with this result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done<T>(pub T);

/// The effect in doubt has not happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDone;

/// An answer that settles an effect in doubt: [`Done`] or [`NotDone`].
pub trait Settlement: sealed::Sealed {
    /// Returns the value to store; `None` if the effect is to be forgotten.
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

/// Returns the value in its stored form. Nothing was stored for it before, so it is stored whole.
pub(super) fn stored<T: Carry>(value: &T) -> Result<Option<Carried>, CarriedError> {
    Ok(value.change(NAME, Vec::new(), None)?.map(|change| change.value))
}

/// The name of the result in messages.
pub(super) const NAME: &str = "result";

mod sealed {
    pub trait Sealed {}
    impl<T> Sealed for super::Done<T> {}
    impl Sealed for super::NotDone {}
}
