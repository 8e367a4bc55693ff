//! The checkpoint's knowledge of a loop besides its items: that it has begun, how many items it has, how it ended.

use safe_state_backends::LoopEnd;

/// The begin, the length and the end of a loop, as far as the checkpoint does not have them.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    /// The items around the loop, until the checkpoint has its begin.
    begun: Option<Vec<u64>>,
    /// The number of the input's items, until the checkpoint has it.
    total: Option<u64>,
    stored_end: Option<LoopEnd>,
    end: Option<LoopEnd>,
    /// Whether the input has ended, so that the loop ends with the last of the items in flight.
    will_end: bool,
}

impl Outline {
    pub(super) fn new(
        begun: Option<Vec<u64>>,
        total: Option<u64>,
        stored_end: Option<LoopEnd>,
    ) -> Self {
        Outline { begun, total, stored_end, end: None, will_end: false }
    }

    /// Returns whether the loop came to the end of its input in an earlier run.
    pub(super) fn was_exhausted(&self) -> bool {
        self.stored_end == Some(LoopEnd::Exhausted)
    }

    pub(super) fn exhausted(&mut self) {
        self.end = Some(LoopEnd::Exhausted);
    }

    /// Notes that the input has ended while items are in flight: the loop ends when it is left.
    pub(super) fn will_end(&mut self) {
        self.will_end = true;
    }

    /// Notes that an item leaves the loop before its input has ended.
    pub(super) fn will_not_end(&mut self) {
        self.will_end = false;
    }

    /// Ends the loop. Returns whether a `break` ended it, because its input is not exhausted.
    pub(super) fn leave(&mut self) -> bool {
        if self.will_end {
            self.exhausted();
        }
        *self.end.get_or_insert(LoopEnd::Left) == LoopEnd::Left
    }

    /// Takes in that the input is shorter, which the checkpoint is told with the end that is returned, if another one is
    /// stored: no `break` has left the loop where there are no items.
    pub(super) fn shrink(&mut self) -> Option<LoopEnd> {
        self.total = None;
        let end = self.stored_end.filter(|end| *end == LoopEnd::Left)?;
        self.stored_end = Some(LoopEnd::Exhausted);
        self.stored_end.filter(|now| *now != end)
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.begun.is_some() || self.total.is_some() || self.end.is_some()
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    pub(super) fn take_begun(&mut self) -> Option<Vec<u64>> {
        self.begun.take()
    }

    pub(super) fn take_total(&mut self) -> Option<u64> {
        self.total.take()
    }

    pub(super) fn take_end(&mut self) -> Option<LoopEnd> {
        let end = self.end.filter(|_| self.end != self.stored_end);
        self.stored_end = end.or(self.stored_end);
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_unless_it_is_stored() {
        let mut outline = Outline::new(None, None, Some(LoopEnd::Left));
        assert!(outline.leave(), "by a `break`");
        assert_eq!(outline.take_end(), None);
        let mut outline = Outline::new(None, None, Some(LoopEnd::Left));
        outline.exhausted();
        assert!(!outline.leave());
        assert_eq!(outline.take_end(), Some(LoopEnd::Exhausted));
        assert_eq!(outline.take_end(), None);
        assert!(outline.was_exhausted());
    }

    #[test]
    fn with_items_in_flight_a_loop_ends_where_it_is_left() {
        let mut outline = Outline::new(None, None, None);
        outline.will_end();
        assert!(!outline.is_unsaved() && outline.take_end().is_none());
        assert!(!outline.leave());
        assert_eq!(outline.take_end(), Some(LoopEnd::Exhausted));
        let mut outline = Outline::new(None, None, None);
        outline.will_end();
        outline.will_not_end();
        assert!(outline.leave(), "by a `break`");
        assert_eq!(outline.take_end(), Some(LoopEnd::Left));
    }
}
