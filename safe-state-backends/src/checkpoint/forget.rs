//! Values that no variable stands for any more.

use std::collections::BTreeSet;

use super::Checkpoint;
use crate::ValueAt;

impl Checkpoint {
    /// Forgets the dead letters, which are somewhere else from now on.
    pub(crate) fn forget_dead_letters(&mut self) {
        self.dead_letters = std::iter::empty().collect();
    }

    /// Drops the values of variables by their names, and gives those names.
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
