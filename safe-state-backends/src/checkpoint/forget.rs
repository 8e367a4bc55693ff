//! Removal of values that are no longer needed.

use std::collections::BTreeSet;

use super::Checkpoint;
use crate::ValueAt;

impl Checkpoint {
    /// Forgets the dead letters, which are stored elsewhere from now on.
    pub(crate) fn forget_dead_letters(&mut self) {
        self.dead_letters = std::iter::empty().collect();
    }

    /// Drops the values of the variables for whose name `is_forgotten` is true, at all places. Returns their names.
    pub fn forget_carried(&mut self, is_forgotten: impl Fn(&str) -> bool) -> Vec<String> {
        let variables = self.carried.keys().filter_map(|name| ValueAt::variable_of(name.as_str()));
        let forgotten: BTreeSet<String> =
            variables.filter(|variable| is_forgotten(variable)).map(str::to_owned).collect();
        self.carried.retain(|name, _| {
            ValueAt::variable_of(name).is_none_or(|variable| !forgotten.contains(variable))
        });
        forgotten.into_iter().collect()
    }
}
