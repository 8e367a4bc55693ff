//! How often the item that failed last was tried.

use safe_state_backends::Attempts;

/// The attempts that were in vain, of one loop.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    last: Option<Attempts>,
    /// Whether the checkpoint has not been told.
    is_unsaved: bool,
}

impl Tries {
    /// Goes on from what is stored.
    pub(crate) fn after(stored: Option<Attempts>) -> Self {
        Tries { last: stored, is_unsaved: false }
    }

    /// Counts one at the item. Says which one it was, of all runs.
    pub(crate) fn count(&mut self, item: u64) -> u32 {
        let before = self.last.filter(|last| last.item == item);
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        *self = Tries { last: Some(Attempts { item, count }), is_unsaved: true };
        count
    }

    pub(crate) fn is_unsaved(&self) -> bool {
        self.is_unsaved
    }

    /// What the checkpoint has not been told yet.
    pub(crate) fn take_unsaved(&mut self) -> Option<Box<Attempts>> {
        std::mem::take(&mut self.is_unsaved).then_some(self.last).flatten().map(Box::new)
    }
}
