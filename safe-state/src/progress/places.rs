//! The values of carried variables at places that a resumed run comes to again: at their declarations, at the ends of
//! loops, and where items began.

use safe_state_backends::{CarriedChange, ValueAt};

/// The values at places that the next save has to store, and the variables whose present value differs from their last.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    kept: Vec<(ValueAt, CarriedChange)>,
    /// Variables that were set back: the stored value is from a later place than the present one.
    behind: Vec<String>,
    /// Variables that have had their last stored value since their declaration.
    last: Vec<String>,
}

impl Places {
    /// Returns whether the stored value of the variable is from a later place than its present value.
    pub(super) fn is_behind(&self, name: &str) -> bool {
        self.behind.iter().any(|behind| behind == name)
    }

    /// Notes that an item has completed: from now on all present values are later than the stored ones.
    #[inline]
    pub(super) fn item_completed(&mut self) {
        if !self.behind.is_empty() {
            self.behind.clear();
        }
    }

    pub(super) fn has_last(&mut self, name: &str) {
        self.last.push(name.to_owned());
    }

    pub(super) fn set_back(&mut self, name: &str) {
        self.behind.push(name.to_owned());
    }

    pub(super) fn catch_up(&mut self, name: &str) {
        self.behind.retain(|behind| behind != name);
    }

    /// Returns whether the variable has had its last stored value since its declaration, and clears that.
    pub(super) fn take_last(&mut self, name: &str) -> bool {
        let before = self.last.len();
        self.last.retain(|last| last != name);
        self.last.len() < before
    }

    pub(super) fn keep(&mut self, place: ValueAt, change: CarriedChange) {
        self.kept.retain(|(_, earlier)| earlier.name != change.name);
        self.kept.push((place, change));
    }

    /// Takes the values that the next save has to store.
    pub(super) fn take(&mut self) -> Vec<CarriedChange> {
        self.kept.drain(..).map(|(_, change)| change).collect()
    }

    /// Takes the values at declarations outside of all loops, which are part of the first save of any kind.
    pub(super) fn take_declarations(&mut self) -> Vec<CarriedChange> {
        self.kept.extract_if(.., |kept| is_outside(kept)).map(|(_, change)| change).collect()
    }

    /// Forgets all values but those at declarations outside of all loops. After a failure, the progress since the last
    /// save is done again.
    pub(super) fn forget_progress(&mut self) {
        self.kept.retain(is_outside);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

/// Returns whether a value is from a declaration outside of all items. A value from inside an item belongs to what that
/// item did; saving it early would replace the stored value of an earlier item.
fn is_outside((place, change): &(ValueAt, CarriedChange)) -> bool {
    *place == ValueAt::Declaration && change.value.within().is_empty()
}

#[cfg(test)]
mod tests {
    use safe_state_backends::Carry;

    use super::*;

    fn change(name: &str) -> CarriedChange {
        change_within(name, &[])
    }

    fn change_within(name: &str, items: &[u64]) -> CarriedChange {
        7.change(name, items.to_vec(), None).unwrap().unwrap()
    }

    #[test]
    fn a_failure_leaves_what_variables_were_at_their_declarations() {
        let mut places = Places::default();
        places.keep(ValueAt::Declaration, change("total"));
        places.keep(ValueAt::LoopEnd(0), change("rows"));
        places.forget_progress();
        let names: Vec<_> = places.take().into_iter().map(|change| change.name).collect();
        assert_eq!(names, ["total"]);
        assert!(places.is_empty());
    }

    #[test]
    fn a_declaration_in_an_item_goes_with_what_the_item_has_done() {
        let mut places = Places::default();
        places.keep(ValueAt::Declaration, change("total"));
        places.keep(ValueAt::Declaration, change_within("row", &[2]));
        assert_eq!(places.take_declarations().len(), 1);
        assert_eq!(places.kept.len(), 1);
        places.forget_progress();
        assert!(places.is_empty());
    }

    #[test]
    fn a_variable_that_was_set_back_is_behind_until_an_item_completes() {
        let mut places = Places::default();
        places.set_back("total");
        assert!(places.is_behind("total") && !places.is_behind("rows"));
        places.item_completed();
        assert!(!places.is_behind("total"));
    }
}
