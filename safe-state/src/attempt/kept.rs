//! The item, kept for another attempt.

/// What can be tried again: an item that is there still when its body has taken it.
#[diagnostic::on_unimplemented(
    message = "an item that fails can't be tried again: `{Self}` is not `Clone`, and its body takes it",
    label = "the items of this loop are `{Self}`",
    note = "iterate by reference, or make it `Clone`; with `max_attempts = 1` an item is tried once"
)]
pub trait TriedAgain: Sized {
    /// The item once more.
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

    /// The item for an attempt, after which there may be another.
    ///
    /// # Panics
    ///
    /// After the attempt that was to be the last.
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

/// An item that is tried once.
#[derive(Debug)]
pub struct TriedOnce<T>(Option<T>);

impl<T> TriedOnce<T> {
    /// Keeps the item.
    #[inline]
    pub fn new(item: T) -> Self {
        TriedOnce(Some(item))
    }

    /// The item for its attempt.
    ///
    /// # Panics
    ///
    /// If it has been taken.
    #[inline]
    pub fn take(&mut self, _: bool) -> T {
        self.0.take().expect("there is no attempt after the last")
    }
}
