//! What of a loop's items the checkpoint has not been told yet.

/// A value that the checkpoint may have, and that may have changed since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Untold<T> {
    value: Option<T>,
    is_new: bool,
}

impl<T: Copy> Untold<T> {
    /// What is stored.
    pub(crate) fn stored(value: Option<T>) -> Self {
        Untold { value, is_new: false }
    }

    pub(crate) fn get(&self) -> Option<T> {
        self.value
    }

    pub(crate) fn set(&mut self, value: T) {
        *self = Untold { value: Some(value), is_new: true };
    }

    /// Whether there is something to tell.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// What is to be told.
    pub(crate) fn take_new(&mut self) -> Option<Box<T>> {
        std::mem::take(&mut self.is_new).then_some(self.value).flatten().map(Box::new)
    }
}
