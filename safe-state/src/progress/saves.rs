//! The changes of a run's progress, as saves take them, and a copy of the progress for an item that may be put back.

use safe_state_backends::CarriedChange;
use safe_state_backends::format::{Advance, Change};

use super::Progress;
use super::before::Before;
use super::given_up::GivenUp;
use super::open_loop::Unpaged;
use super::stored::Stored;

/// The number of saves from one that stores the items' median time to the next.
const SAVES_PER_MEDIAN: u64 = 32;

impl Progress {
    /// Takes the value of a variable into the next save if `overwrite` could write it over the stored one. Returns
    /// whether it did.
    pub(crate) fn overwrite(
        &mut self,
        name: &str,
        depth: usize,
        overwrite: impl FnOnce(&[u64]) -> Option<CarriedChange>,
    ) -> bool {
        if self.values.places.is_behind(name) {
            return false;
        }
        let Some(change) = overwrite(&self.loops.within(depth)) else { return false };
        self.values.set(name, Some(change));
        self.values.is_taken(name);
        true
    }

    /// Notes whether the run waits at the head of a loop, where the values without handles have been taken.
    pub(crate) fn waits_at_head(&mut self, waits: bool) {
        self.values.waits_at_head(waits);
    }

    /// Returns whether no run of the job has come to a loop or saved a value, so that nothing is left to go on from.
    pub(crate) fn has_begun_nothing(&self, stored: Stored<'_>) -> bool {
        self.loops.location().is_empty()
            && !self.values.have_changed()
            && stored.has(|checkpoint| {
                checkpoint.loops().next().is_none() && checkpoint.carried_names().next().is_none()
            })
    }

    /// Drops the progress since the last save if the function carries variables. After a failure these hold what the
    /// failed item did to them, and their values when the last item completed are lost, so the items since the last
    /// save run again.
    pub(crate) fn keep_only_what_matches_values(&mut self) {
        if self.values.are_carried() {
            self.loops.forget_progress();
            self.values.forget_progress();
            self.given_up = GivenUp::default();
        }
    }

    /// Returns what is unsaved, in the form for a page.
    pub(crate) fn unsaved(&self) -> Unpaged<'_> {
        let belong_to_items = self.values.are_carried() || self.values.have_any_handles();
        if belong_to_items || !self.values.are_saved() || !self.given_up.is_none() {
            return Unpaged::Record;
        }
        self.loops.unsaved()
    }

    /// Returns what will be unsaved once the item in flight inside `depth` loops is complete, beside the values of carried
    /// variables, which a page then holds as well.
    pub(crate) fn unsaved_with_item(&self, depth: usize) -> Unpaged<'_> {
        let has_more = self.values.have_any_handles() || !self.values.are_saved();
        if has_more || !self.given_up.is_none() {
            return Unpaged::Record;
        }
        self.loops.unsaved_with_item(depth)
    }

    /// Takes values into the next save that variables had when the last item completed.
    pub(crate) fn take_rewritten(&mut self, changes: Vec<CarriedChange>) {
        for change in changes {
            let name = change.name.clone();
            self.values.set(&name, Some(change));
        }
    }

    /// Takes the fingerprint of an item after which `behind` others have completed.
    pub(crate) fn mark_complete(&mut self, depth: usize, behind: u16, fingerprint: Option<u32>) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.mark_complete(behind, fingerprint);
        }
    }

    /// Takes the items that completed since the last save, if nothing else has to be saved. Most saves need no more
    /// than this short form.
    pub(crate) fn advance(&mut self) -> Option<Advance> {
        let median_is_due = (self.saves + 1).is_multiple_of(SAVES_PER_MEDIAN);
        if median_is_due || !self.values.are_saved() || !self.given_up.is_none() {
            return None;
        }
        let advance = self.loops.advance()?;
        self.saves += 1;
        Some(advance)
    }

    /// Takes what has to be saved now, and the number of items that completed with it.
    pub(crate) fn change(&mut self) -> (Change, u64) {
        self.saves += 1;
        self.take_change()
    }

    /// Returns whether the change that was taken last has to hold the median time of items.
    pub(crate) fn median_is_due(&self) -> bool {
        self.saves.is_multiple_of(SAVES_PER_MEDIAN)
    }

    /// Takes the last change of a run that stops without a failure: no item stays a suspect.
    pub(crate) fn change_of_stopped(&mut self) -> (Change, u64) {
        self.loops.clear_suspects();
        let cleared = self.loops.take_suspects();
        if !self.values.match_progress() {
            self.keep_only_what_matches_values();
        }
        let (mut change, count) = self.change();
        change.loops.extend(cleared);
        (change, count)
    }

    /// Takes the last change of a run whose function has returned. A `return` from within a loop leaves its item
    /// unfinished, as a failure does. But the job is finished, so its dead letters stay.
    pub(crate) fn change_of_finished(&mut self) -> (Change, u64) {
        let dead_letters = self.given_up.dead_letters().clone();
        if self.index_in_flight().is_some() {
            self.keep_only_what_matches_values();
        }
        self.given_up.set_dead_letters(dead_letters);
        self.change()
    }

    /// Takes what is complete, as far as it can be saved without the values that the body of the item in flight holds.
    #[cfg(feature = "limits")]
    pub(crate) fn change_beside_the_body(&mut self) -> Change {
        if self.values.are_carried() {
            // Without the values, only the suspects can be stored.
            return Change { loops: self.loops.take_suspects(), ..Change::default() };
        }
        self.take_change().0
    }

    /// Takes what the checkpoint does not have yet, and the number of items that completed with it.
    fn take_change(&mut self) -> (Change, u64) {
        let (loops, count) = self.loops.take_changes();
        let carried = self.values.take();
        let (skipped, dead_letters) = self.given_up.take();
        (Change { loops, carried, skipped, dead_letters, ..Change::default() }, count)
    }

    /// Returns a copy of the progress, to be put back later.
    pub(crate) fn before(&self) -> Before {
        Before {
            loops: self.loops.before(),
            places: self.values.places.clone(),
            given_up: self.given_up.clone(),
            saves: self.saves,
        }
    }

    /// Restores the progress from before an item completed.
    pub(crate) fn put_back(&mut self, before: Before) {
        self.loops.put_back(before.loops);
        self.values.put_back(before.places);
        self.given_up = before.given_up;
        self.saves = before.saves;
    }
}
