//! An item, kept for another attempt.

/// An item of which another copy can be made for each attempt, since the body takes the item by value.
#[diagnostic::on_unimplemented(
    message = "an item that fails can't be tried again: `{Self}` is not `Clone`, and its body takes it",
    label = "the items of this loop are `{Self}`",
    note = "iterate by reference, or make it `Clone`; with `max_attempts = 1` an item is tried once"
)]
pub trait TriedAgain: Sized {
    /// Returns another copy of the item.
    fn once_more(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> TriedAgain for T {
    #[inline]
    fn once_more(&self) -> T {
        self.clone()
    }
}

/// An item that may be tried again.
#[derive(Debug)]
pub struct Kept<T>(Option<T>);

impl<T> Kept<T> {
    /// Keeps the item.
    #[inline]
    pub fn new(item: T) -> Self {
        Kept(Some(item))
    }

    /// Returns the item for an attempt: a copy if another attempt may follow, otherwise the item itself.
    ///
    /// # Panics
    ///
    /// If the item itself has been taken, for the last attempt.
    #[inline]
    pub fn take(&mut self, may_try_again: bool) -> T
    where
        T: TriedAgain,
    {
        let item =
            if may_try_again { self.0.as_ref().map(TriedAgain::once_more) } else { self.0.take() };
        item.expect("there is no attempt after the last")
    }
}

/// An item that is tried only once, so it need not be `Clone`.
#[derive(Debug)]
pub struct TriedOnce<T>(Option<T>);

impl<T> TriedOnce<T> {
    /// Keeps the item.
    #[inline]
    pub fn new(item: T) -> Self {
        TriedOnce(Some(item))
    }

    /// Returns the item for its one attempt.
    ///
    /// # Panics
    ///
    /// If the item has been taken already.
    #[inline]
    pub fn take(&mut self, _: bool) -> T {
        self.0.take().expect("there is no attempt after the last")
    }
}
