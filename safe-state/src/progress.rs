//! Stage 4, progress: where a run stands in its loops, what it carries, and what of both the next save has to tell.
//!
//! It is told of items, and gives changes to save. It writes nothing, and looks at what is stored through
//! [`Stored`] alone.

mod before;
mod carried;
mod entering;
mod failing;
mod given_up;
mod interrupted;
mod loops;
mod open_loop;
mod places;
mod restore;
mod side_by_side;
mod steps;
mod stored;
mod unsaved;
pub(crate) mod values;

use std::borrow::Cow;
use std::fmt::Arguments;

#[cfg(feature = "limits")]
use safe_state_backends::CrashCause;
use safe_state_backends::format::{Advance, Change, LoopChange};
use safe_state_backends::{Captured, CarriedChange, Carry};

use crate::Error;
use crate::items::entry::Number;
use crate::items::identity::{ANOTHER_KEY, IdentityKind};
use crate::items::key::KeyHash;
use crate::items::terms::Terms;

use carried::Values;
use given_up::GivenUp;
use loops::Loops;
use open_loop::{OpenLoop, ResumePoint};
use side_by_side::Beside;
use values::CurrentValues;

pub(crate) use before::Before;
pub(crate) use entering::{Entered, check_not_by_hand, wrong_input};
pub(crate) use open_loop::Unpaged;
pub(crate) use stored::Stored;

/// How many saves lie between two that store the items' median time.
const SAVES_PER_MEDIAN: u64 = 32;

/// Where a run stands, and what of it the checkpoint has not been told yet.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    loops: Loops,
    values: Values,
    given_up: GivenUp,
    saves: u64,
}

/// The item in flight of the innermost loop that has one.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) index: Option<u64>,
    /// The hash of its key, if it is known by key.
    pub(crate) key: Option<u64>,
    /// The loop entered last.
    pub(crate) location: Cow<'static, str>,
    /// What was recorded of it, and of the items around it.
    pub(crate) captured: Vec<Captured>,
}

/// Items.
impl Progress {
    /// Enters a loop over `total` items, if its input tells.
    ///
    /// # Errors
    ///
    /// The loop knew its items otherwise, or an item was left in the middle of its inner loop.
    pub(crate) fn enter(
        &mut self,
        stored: Stored<'_>,
        at: (Number, Cow<'static, str>),
        total: Option<u64>,
        on: (IdentityKind, Terms),
    ) -> Result<Entered, Error> {
        let are_carried = self.values.are_carried();
        entering::enter(&mut self.loops, are_carried, stored, at, total, on)
    }

    /// Returns whether the run is in no loop.
    pub(crate) fn is_outside(&self) -> bool {
        self.loops.are_none()
    }

    /// Returns whether the loop has come to the end of its input in an earlier run.
    pub(crate) fn has_ended_before(&self, depth: usize) -> bool {
        self.loops
            .get(depth)
            .is_some_and(|open| open.resume_point() == ResumePoint::Ended && open.was_exhausted())
    }

    /// Passes over items that are complete.
    pub(crate) fn pass_over(&mut self, depth: usize, count: u64) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.pass_over(count);
        }
    }

    /// Takes in an item of a loop by key. Returns whether it is to be done.
    pub(crate) fn meet(
        &mut self,
        stored: Stored<'_>,
        depth: usize,
        key: KeyHash,
    ) -> Result<bool, Error> {
        let met = self.loops.get_mut(depth).map_or(Some(true), |open| open.meet(key));
        met.ok_or_else(|| entering::identity_changed(stored, ANOTHER_KEY))
    }

    /// Returns whether the fingerprint of the item handed out is wanted, whenever the next save is.
    pub(crate) fn wants_mark(&self, depth: usize) -> bool {
        self.loops.get(depth).is_some_and(OpenLoop::wants_mark)
    }

    /// Takes the fingerprint of the item handed out.
    #[inline]
    pub(crate) fn mark(&mut self, depth: usize, fingerprint: Option<u32>) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.mark(fingerprint);
        }
    }

    /// Returns how many items may complete until a fingerprint is wanted.
    pub(crate) fn items_until_mark(&self, depth: usize) -> u64 {
        match self.loops.get(depth) {
            Some(open) if open.lacks_mark() => 1,
            Some(open) => open.items_until_sample(),
            None => u64::MAX,
        }
    }

    /// Records values of the item that was handed out last by the loop inside `depth` others.
    pub(crate) fn capture(&mut self, depth: usize, values: &[(&str, Arguments<'_>)]) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.capture(values);
        }
    }

    /// Returns the index of the next item to complete.
    #[inline]
    pub(crate) fn position(&self, depth: usize) -> Option<u64> {
        self.loops.get(depth).map(OpenLoop::position)
    }

    /// Returns whether the item that was handed out inside `depth` loops is not complete.
    pub(crate) fn is_in_flight(&self, depth: usize) -> bool {
        self.loops.get(depth).is_none_or(OpenLoop::is_in_flight)
    }

    /// Returns the item in flight of the innermost loop that has one.
    pub(crate) fn in_flight(&self) -> InFlight {
        let open = self.loops.in_flight();
        InFlight {
            index: open.map(OpenLoop::position),
            key: open.and_then(OpenLoop::key),
            location: self.loops.location().clone(),
            captured: self.loops.captured(),
        }
    }

    /// Returns the index of that item.
    pub(crate) fn index_in_flight(&self) -> Option<u64> {
        self.loops.in_flight().map(OpenLoop::position)
    }

    /// Takes in what a loop has counted by itself, and whether an item is in flight there.
    pub(crate) fn settle(&mut self, depth: usize, completed: u64, in_flight: bool) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.settle(completed, in_flight);
        }
        if completed > 0 {
            self.values.places.item_completed();
        }
    }

    /// Has the items of the loop run side by side from now on.
    pub(crate) fn run_side_by_side(&mut self, stored: Stored<'_>, depth: usize) {
        side_by_side::begin(&mut self.loops, stored, depth);
    }

    /// Returns the loop whose items run side by side.
    pub(crate) fn beside(&mut self, depth: usize) -> Beside<'_> {
        Beside(self.loops.get_mut(depth))
    }

    /// Returns whether the items of the loop run side by side.
    pub(crate) fn runs_side_by_side(&self, depth: usize) -> bool {
        self.loops.get(depth).is_some_and(OpenLoop::runs_side_by_side)
    }

    /// Returns how many items of the loop are complete, those included that were passed over.
    #[inline]
    pub(crate) fn reached(&self, depth: usize) -> Option<u64> {
        self.loops.get(depth).map(OpenLoop::reached)
    }

    /// Completes the item in flight inside `depth` loops, and with it what ended in it. Returns whether there was
    /// one.
    #[inline]
    pub(crate) fn complete(&mut self, depth: usize) -> bool {
        let is_complete = self.loops.complete(depth);
        if is_complete {
            self.values.places.item_completed();
        }
        is_complete
    }

    /// Ends the input of a loop.
    pub(crate) fn exhausted(&mut self, depth: usize) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.exhausted();
        }
    }

    /// Takes in that the input of a loop has only so many items. Returns what the checkpoint is to be told.
    pub(crate) fn shrink(&mut self, depth: usize, total: u64) -> Option<LoopChange> {
        self.loops.get_mut(depth).map(|open| open.shrink(total))
    }

    /// Leaves a loop. Returns whether that is to be saved.
    pub(crate) fn leave(&mut self, depth: usize) -> bool {
        let is_to_be_saved = self.loops.leave(depth, self.values.are_carried());
        if is_to_be_saved {
            self.values.take_at_end();
        }
        is_to_be_saved
    }

    /// Returns whether what was left is to be saved at once. Its values have been taken.
    pub(crate) fn saves_now(&mut self) -> bool {
        self.values.go_on();
        !self.loops.hold_back()
    }

    /// Notes that a `return` is about to leave a loop.
    pub(crate) fn returning(&mut self) {
        self.loops.returning();
    }

    /// Returns whether a `?` has left a loop that has an item in flight.
    pub(crate) fn was_left_by_question_mark(&self) -> bool {
        self.loops.were_left_by_question_mark()
    }
}

/// Parts.
impl Progress {
    /// Begins a part of the run that is saved by itself. Returns where the run stands outside of it.
    pub(crate) fn begin_part(&mut self) -> Progress {
        let part = Progress { values: self.values.of_part(), ..Progress::default() };
        std::mem::replace(self, part)
    }
}

/// Saves.
impl Progress {
    /// Returns the values where the run stands, and what is stored of them.
    pub(crate) fn values<'a>(&'a mut self, stored: Stored<'a>) -> CurrentValues<'a> {
        CurrentValues { values: &mut self.values, loops: &mut self.loops, stored }
    }

    /// Takes a variable's value into the next save, if it was written over what is stored of it. Returns whether it was.
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

    /// Returns the cursor of the last item that the loop of that number completed, which has `depth` loops
    /// around it; none on a fresh start. The loop may be under way.
    pub(crate) fn cursor<C: Carry>(
        &self,
        stored: Stored<'_>,
        depth: usize,
        loop_id: u16,
    ) -> Result<Option<C>, Error> {
        let restored = self.loops.cursor(stored, depth, loop_id);
        let restored = restored.map(|cursor| C::restore(values::CURSOR, cursor)).transpose();
        restored.map_err(|error| stored.carried_error(error))
    }

    /// Notes whether the run waits at the head of a loop, where the values without handles have been taken.
    pub(crate) fn waits_at_head(&mut self, waits: bool) {
        self.values.waits_at_head(waits);
    }

    /// Returns whether no run of the job has come to a loop, or saved a value: there is nothing to go on from.
    pub(crate) fn has_begun_nothing(&self, stored: Stored<'_>) -> bool {
        self.loops.location().is_empty()
            && !self.values.have_changed()
            && stored.has(|checkpoint| {
                checkpoint.loops().next().is_none() && checkpoint.carried_names().next().is_none()
            })
    }

    /// After a failure the carried variables hold what the failed item did to them, and their
    /// values as of the last item that completed are gone: the items since the last save run again.
    pub(crate) fn keep_only_what_matches_values(&mut self) {
        if self.values.are_carried() {
            self.loops.forget_progress();
            self.values.forget_progress();
            self.given_up = GivenUp::default();
        }
    }

    /// Returns what is unsaved, for a page.
    pub(crate) fn unsaved(&self) -> Unpaged {
        let belong_to_items = self.values.are_carried() || self.values.have_any_handles();
        if belong_to_items || !self.values.are_saved() || !self.given_up.is_none() {
            return Unpaged::Record;
        }
        self.loops.unsaved()
    }

    /// Returns whether there are handles, which are taken with each item.
    pub(crate) fn has_handles(&self) -> bool {
        self.values.have_any_handles()
    }

    /// Takes the fingerprint of an item behind which so many have completed.
    pub(crate) fn mark_complete(&mut self, depth: usize, behind: u16, fingerprint: Option<u32>) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.mark_complete(behind, fingerprint);
        }
    }

    /// Takes the items that completed since the last save, if there is nothing else to save: most saves need no more,
    /// and are spared the rest.
    pub(crate) fn advance(&mut self) -> Option<Advance> {
        let median_is_due = (self.saves + 1).is_multiple_of(SAVES_PER_MEDIAN);
        if median_is_due || !self.values.are_saved() || !self.given_up.is_none() {
            return None;
        }
        let advance = self.loops.advance()?;
        self.saves += 1;
        Some(advance)
    }

    /// Takes what is to be saved now, and how many items completed with it.
    pub(crate) fn change(&mut self) -> (Change, u64) {
        self.saves += 1;
        self.take_change()
    }

    /// Returns whether the change that was taken last is to tell the median time of items.
    pub(crate) fn median_is_due(&self) -> bool {
        self.saves.is_multiple_of(SAVES_PER_MEDIAN)
    }

    /// Takes what is to be saved last of a run that goes on no more, and has not failed: no item is to blame.
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

    /// Takes what is to be saved last of a run whose function has returned. A `return` from within a loop leaves its
    /// item unfinished, as a failure does. But the job is finished: what it has given up is not done again.
    pub(crate) fn change_of_finished(&mut self) -> (Change, u64) {
        let dead_letters = self.given_up.dead_letters().clone();
        if self.index_in_flight().is_some() {
            self.keep_only_what_matches_values();
        }
        self.given_up.set_dead_letters(dead_letters);
        self.change()
    }

    /// Takes what is complete, as far as it can be saved without the values that the body of the item in flight has.
    #[cfg(feature = "limits")]
    pub(crate) fn change_beside_the_body(&mut self) -> Change {
        if self.values.are_carried() {
            // Nothing but this is told without them.
            return Change { loops: self.loops.take_suspects(), ..Change::default() };
        }
        self.take_change().0
    }

    /// Suspects the item in flight of what will have ended the process if it ends before the item does.
    #[cfg(feature = "limits")]
    pub(crate) fn suspect_of(&mut self, cause: CrashCause) {
        if let Some(open) = self.loops.in_flight_mut() {
            open.suspect_of(cause);
        }
    }

    /// Takes what the checkpoint has not been told yet, and how many items completed with it.
    fn take_change(&mut self) -> (Change, u64) {
        let (loops, count) = self.loops.take_changes();
        let carried = self.values.take();
        let (skipped, dead_letters) = self.given_up.take();
        (Change { loops, carried, skipped, dead_letters, ..Change::default() }, count)
    }

    /// Returns the progress as it is.
    pub(crate) fn before(&self) -> Before {
        Before {
            loops: self.loops.before(),
            places: self.values.places.clone(),
            given_up: self.given_up.clone(),
            saves: self.saves,
        }
    }

    /// Goes back to what the progress was before an item completed.
    pub(crate) fn put_back(&mut self, before: Before) {
        self.loops.put_back(before.loops);
        self.values.put_back(before.places);
        self.given_up = before.given_up;
        self.saves = before.saves;
    }
}
