//! The cursors of a loop that knows its items by cursor.

use safe_state_backends::Carried;

/// The cursors of the item in flight and of the item that completed last.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursors {
    /// The cursor of the item in flight, unless it equals `last`.
    next: Option<Carried>,
    last: Option<Carried>,
    /// Whether the checkpoint does not have `last` yet.
    is_unsaved: bool,
    /// Whether `last` belongs to an item that completed in this run.
    has_moved: bool,
}

impl Cursors {
    pub(super) fn stored(last: Option<Carried>) -> Self {
        Cursors { last, ..Cursors::default() }
    }

    pub(super) fn current(&self) -> Option<&Carried> {
        self.next.as_ref().or(self.last.as_ref())
    }

    pub(super) fn last(&self) -> Option<&Carried> {
        self.last.as_ref()
    }

    pub(super) fn has_moved(&self) -> bool {
        self.has_moved
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.is_unsaved
    }

    /// Returns the cursor of the item that completed last, if the checkpoint does not have it yet.
    pub(super) fn unsaved(&self) -> Option<&Carried> {
        self.last.as_ref().filter(|_| self.is_unsaved)
    }

    /// Returns the cursor that the checkpoint does not have yet once the item in flight is complete.
    pub(super) fn unsaved_with_item(&self) -> Option<&Carried> {
        self.next.as_ref().or(self.unsaved())
    }

    pub(super) fn hand_out(&mut self, next: Option<Carried>) {
        self.next = next;
    }

    #[inline]
    pub(super) fn complete(&mut self) {
        if self.next.is_some() {
            self.last = self.next.take();
            self.is_unsaved = true;
            self.has_moved = true;
        }
    }

    pub(super) fn take_unsaved(&mut self) -> Option<Box<Carried>> {
        let is_unsaved = std::mem::take(&mut self.is_unsaved);
        self.last.as_ref().filter(|_| is_unsaved).cloned().map(Box::new)
    }

    /// Restores the cursors from before an item completed.
    pub(super) fn put_back(&mut self, before: Cursors) {
        *self = Cursors { has_moved: self.has_moved, ..before };
    }
}

#[cfg(test)]
mod tests {
    use safe_state_backends::Carry;

    use super::*;

    fn cursor(value: u64) -> Carried {
        value.change("cursor", Vec::new(), None).unwrap().unwrap().value.with_names()
    }

    #[test]
    fn a_cursor_is_saved_once_its_item_is_complete() {
        let mut cursors = Cursors::stored(Some(cursor(1)));
        assert!(!cursors.has_moved() && cursors.take_unsaved().is_none());
        cursors.hand_out(Some(cursor(2)));
        assert_eq!((cursors.current(), cursors.last()), (Some(&cursor(2)), Some(&cursor(1))));
        let before = cursors.clone();
        cursors.complete();
        assert!(cursors.has_moved() && cursors.is_unsaved());
        assert_eq!(cursors.take_unsaved().as_deref(), Some(&cursor(2)));
        assert!(cursors.take_unsaved().is_none());
        cursors.put_back(before);
        assert_eq!((cursors.current(), cursors.last()), (Some(&cursor(2)), Some(&cursor(1))));
    }
}
