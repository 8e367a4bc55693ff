//! Where a loop stands that many workers share, of which a run does one slice after the other.

/// A loop that many workers share, as one of them sees it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Whole {
    /// How many items it has.
    pub(crate) total: u64,
    /// How many are complete, of slices that are finished.
    pub(crate) complete: u64,
    /// The index of the first item of the slice under way.
    pub(crate) first: u64,
    /// Whether the items of a slice are known by key, and stand anywhere in the input.
    pub(crate) is_by_key: bool,
}

/// What is shown of such a loop, in place of its slices.
#[derive(Debug, Default)]
pub(crate) struct ShownWhole {
    at: Option<Whole>,
    /// How many items of the slice under way have completed, of those that are known by key.
    counted: u64,
    /// Whether the loop is shown already.
    is_shown: bool,
}

impl ShownWhole {
    /// Takes in where the loop stands. Returns where it is to be shown.
    pub(crate) fn comes_to(&mut self, whole: Whole) -> u64 {
        (self.at, self.counted) = (Some(whole), 0);
        whole.complete.min(whole.total)
    }

    /// Takes in that the loop is shown from now on. Returns whether it was not.
    pub(crate) fn begins(&mut self) -> bool {
        !std::mem::replace(&mut self.is_shown, true)
    }

    /// The loop has ended.
    pub(crate) fn ends(&mut self) {
        *self = ShownWhole::default();
    }

    /// Returns how many items the whole loop has, if that is one of its slices.
    pub(crate) fn total(&self, depth: usize) -> Option<u64> {
        self.at.filter(|_| depth == 0).map(|whole| whole.total)
    }

    /// Counts items that have completed.
    pub(crate) fn count(&mut self, depth: usize, items: u64) {
        if depth == 0 {
            self.counted += items;
        }
    }

    /// Returns where the whole loop stands, where its slice is at `position`.
    pub(crate) fn position(&self, depth: usize, position: u64) -> u64 {
        let Some(whole) = self.at.filter(|_| depth == 0) else { return position };
        let done = if whole.is_by_key { self.counted } else { position };
        whole.complete.saturating_add(done).min(whole.total)
    }

    /// Returns the index in the whole input of an item of an outermost loop.
    pub(crate) fn index(&self, index: u64) -> u64 {
        index.saturating_add(self.first())
    }

    /// Returns the index in the whole input of the first item of the slice under way.
    pub(crate) fn first(&self) -> u64 {
        self.at.map_or(0, |whole| whole.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_a_slice_are_those_of_the_whole() {
        let mut shown = ShownWhole::default();
        assert_eq!((shown.total(0), shown.position(0, 7), shown.index(7)), (None, 7, 7));
        let whole = Whole { total: 100, complete: 30, first: 50, is_by_key: false };
        assert_eq!((shown.comes_to(whole), shown.begins(), shown.begins()), (30, true, false));
        assert_eq!((shown.total(0), shown.position(0, 7), shown.index(7)), (Some(100), 37, 57));
        assert_eq!((shown.total(1), shown.position(1, 7)), (None, 7));
        // A worker whose slice was opened again may have counted it before.
        assert_eq!(shown.position(0, 90), 100);
        shown.ends();
        assert_eq!((shown.total(0), shown.begins()), (None, true));
    }

    #[test]
    fn items_that_are_known_by_key_are_counted() {
        let mut shown = ShownWhole::default();
        shown.comes_to(Whole { total: 100, complete: 30, first: 0, is_by_key: true });
        shown.count(0, 3);
        shown.count(1, 5);
        assert_eq!((shown.position(0, 70), shown.index(70)), (33, 70));
        shown.comes_to(Whole { total: 100, complete: 40, first: 0, is_by_key: true });
        assert_eq!(shown.position(0, 70), 40);
    }
}
