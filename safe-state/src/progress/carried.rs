//! The changes of carried variables for the next save.

use std::collections::BTreeSet;

use safe_state_backends::CarriedChange;

use super::places::Places;

/// The changes of values that the next save has to store.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// The carried variables that changed.
    changed: Vec<CarriedChange>,
    /// The values at places that a resumed run comes to again.
    pub(super) places: Places,
    /// Whether the function carries variables, which have to match the progress.
    are_carried: bool,
    /// Whether the variables include handles, which are taken only for a save, because that syncs them.
    have_handles: bool,
    /// Whether the run waits at the head of a loop, where the values without handles have been taken.
    wait_at_head: bool,
    /// The steps that the run has come to.
    steps: BTreeSet<String>,
    /// The changes of handles that the step under way has written through.
    by_step: Vec<CarriedChange>,
    /// The variables that were taken since a loop was left, until its end is saved: they have their values of that end.
    /// `None` at other times.
    at_end: Option<Vec<String>>,
}

impl Values {
    pub(super) fn are_carried(&self) -> bool {
        self.are_carried
    }

    pub(super) fn have_any_handles(&self) -> bool {
        self.have_handles
    }

    /// Notes that the function carries variables.
    pub(super) fn carry(&mut self) {
        self.are_carried = true;
    }

    /// Returns the values of a part of the run that is saved by itself, with the same variables.
    pub(super) fn of_part(&self) -> Values {
        Values { are_carried: self.are_carried, ..Values::default() }
    }

    /// Notes that the variables include a handle.
    pub(super) fn have_handles(&mut self) {
        self.have_handles = true;
    }

    /// Returns whether the run comes to the step for the first time.
    pub(super) fn reach_step(&mut self, step: &str) -> bool {
        self.steps.insert(step.to_owned())
    }

    /// Takes the change of a handle into the save of the step that has written through it.
    pub(super) fn written_by_step(&mut self, changes: impl IntoIterator<Item = CarriedChange>) {
        self.by_step.extend(changes);
    }

    /// Returns the changes of the handles that a step has written through, for the save of that step.
    pub(super) fn take_by_step(&mut self) -> Vec<CarriedChange> {
        std::mem::take(&mut self.by_step)
    }

    pub(super) fn waits_at_head(&mut self, waits: bool) {
        self.wait_at_head = waits;
    }

    /// Returns whether the values are those that the complete items have left.
    pub(super) fn match_progress(&self) -> bool {
        self.wait_at_head && !self.have_handles
    }

    /// Takes a variable's change into the next save, in place of an earlier one.
    pub(super) fn set(&mut self, name: &str, change: Option<CarriedChange>) {
        self.changed.retain(|earlier| earlier.name != name);
        self.changed.extend(change);
    }

    /// Notes that variables are now taken at the end of a loop, with no code of the program in between.
    pub(super) fn take_at_end(&mut self) {
        self.at_end = Some(Vec::new());
    }

    /// Notes that the program goes on.
    pub(super) fn go_on(&mut self) {
        self.at_end = None;
    }

    pub(super) fn is_taken(&mut self, name: &str) {
        if let Some(taken) = &mut self.at_end {
            taken.push(name.to_owned());
        }
    }

    /// Returns whether the variable is at the end of a loop and has been taken there.
    pub(super) fn is_at_end(&self, name: &str) -> bool {
        self.at_end.as_ref().is_some_and(|taken| taken.iter().any(|taken| taken == name))
    }

    /// Returns the variable's change for the next save, if it has one.
    pub(super) fn change_of(&self, name: &str) -> Option<&CarriedChange> {
        self.changed.iter().find(|change| change.name == name)
    }

    pub(super) fn are_saved(&self) -> bool {
        self.changed.is_empty() && self.places.is_empty()
    }

    pub(super) fn have_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Forgets the present values of variables. Their values at declarations stay.
    pub(super) fn forget_progress(&mut self) {
        self.changed.clear();
        self.places.forget_progress();
    }

    /// Restores the values at places from before an item completed. The next save takes the present values anew.
    pub(super) fn put_back(&mut self, places: Places) {
        self.changed.clear();
        self.places = places;
    }

    pub(super) fn take(&mut self) -> Vec<CarriedChange> {
        let mut changes = self.places.take();
        changes.append(&mut self.changed);
        changes
    }
}
