//! A value that the checkpoint may not have yet.

/// A value that is stored, or has changed since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsaved<T> {
    value: Option<T>,
    is_unsaved: bool,
}

impl<T: Copy> Unsaved<T> {
    /// Creates the value as it is stored.
    pub(crate) fn stored(value: Option<T>) -> Self {
        Unsaved { value, is_unsaved: false }
    }

    pub(crate) fn get(&self) -> Option<T> {
        self.value
    }

    pub(crate) fn set(&mut self, value: T) {
        *self = Unsaved { value: Some(value), is_unsaved: true };
    }

    /// Returns whether the value has changed since it was stored.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.is_unsaved
    }

    /// Takes the value for a save, if it has changed.
    pub(crate) fn take_unsaved(&mut self) -> Option<Box<T>> {
        std::mem::take(&mut self.is_unsaved).then_some(self.value).flatten().map(Box::new)
    }
}
