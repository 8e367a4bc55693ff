//! Values that no variable stands for any more.

use super::Checkpoint;

impl Checkpoint {
    /// Drops the values of variables by their names, and gives those names.
    pub fn forget_carried(&mut self, is_forgotten: impl Fn(&str) -> bool) -> Vec<String> {
        let names = self.carried_names().filter(|name| is_forgotten(name));
        let forgotten: Vec<String> = names.map(str::to_owned).collect();
        self.carried.retain(|name, _| !is_forgotten(name));
        forgotten
    }
}
