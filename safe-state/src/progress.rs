//! Stage 4, progress: where a run is in its loops, what it carries, and what of both the next save has to store.
//!
//! The progress is told of items, and returns changes to save. It writes nothing, and reads what is stored only through
//! [`Stored`].

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
mod saves;
mod side_by_side;
mod steps;
mod stored;
mod unsaved;
pub(crate) mod values;

use std::borrow::Cow;
use std::fmt::Arguments;

#[cfg(feature = "limits")]
use safe_state_backends::CrashCause;
use safe_state_backends::format::LoopChange;
use safe_state_backends::{Captured, Carry, DeadLetter, SlowItem};

use crate::Error;
use crate::items::entry::Number;
use crate::items::identity::{ANOTHER_KEY, IdentityKind};
use crate::items::key::KeyHash;
use crate::items::terms::Terms;

use carried::Values;
use failing::Attempted;
use given_up::GivenUp;
use loops::Loops;
use open_loop::{OpenLoop, ResumePoint};
use side_by_side::Beside;
use values::CurrentValues;

pub(crate) use before::Before;
pub(crate) use entering::{Entered, check_not_by_hand, wrong_input};
pub(crate) use open_loop::{BesideItems, Unpaged, UnpagedItems};
pub(crate) use stored::Stored;

/// The position of a run in its loops, its values, and what of them the checkpoint does not have yet.
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
    /// The hash of the item's key, if it is known by key.
    pub(crate) key: Option<u64>,
    /// The location of the loop that was entered last.
    pub(crate) location: Cow<'static, str>,
    /// The values recorded of the item, and of the items around it.
    pub(crate) captured: Vec<Captured>,
}

/// The items of a run's loops.
impl Progress {
    /// Enters a loop over `total` items; `total` is `None` if the input does not tell its length.
    ///
    /// # Errors
    ///
    /// The loop knew its items in another way, or an item was left in the middle of its inner loop.
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

    /// Returns whether the loop came to the end of its input in an earlier run.
    pub(crate) fn has_ended_before(&self, depth: usize) -> bool {
        self.loops
            .get(depth)
            .is_some_and(|open| open.resume_point() == ResumePoint::Ended && open.was_exhausted())
    }

    /// Passes over the next `count` items, which are complete.
    pub(crate) fn pass_over(&mut self, depth: usize, count: u64) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.pass_over(count);
        }
    }

    /// Notes an item of a loop by key. Returns whether the item is to be done.
    pub(crate) fn meet(
        &mut self,
        stored: Stored<'_>,
        depth: usize,
        key: KeyHash,
    ) -> Result<bool, Error> {
        let met = self.loops.get_mut(depth).map_or(Some(true), |open| open.meet(key));
        met.ok_or_else(|| entering::identity_changed(stored, ANOTHER_KEY))
    }

    /// Returns whether the fingerprint of the item that was handed out is wanted, even if no save is due next.
    pub(crate) fn wants_mark(&self, depth: usize) -> bool {
        self.loops.get(depth).is_some_and(OpenLoop::wants_mark)
    }

    /// Takes the fingerprint of the item that was handed out.
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

    /// Returns the items of the first `depth` loops that the run is in, from the outermost in.
    pub(crate) fn within(&self, depth: usize) -> Vec<u64> {
        self.loops.within(depth)
    }

    /// Returns the index of the next item to complete.
    #[inline]
    pub(crate) fn position(&self, depth: usize) -> Option<u64> {
        self.loops.get(depth).map(OpenLoop::position)
    }

    /// Returns whether the loop inside `depth` others has an item in flight that is not complete.
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

    /// Returns the index of the item in flight of the innermost loop that has one.
    pub(crate) fn index_in_flight(&self) -> Option<u64> {
        self.loops.in_flight().map(OpenLoop::position)
    }

    /// Returns how many loops are around the innermost one that has an item in flight.
    pub(crate) fn depth_in_flight(&self) -> Option<usize> {
        self.loops.depth_in_flight()
    }

    /// Returns whether the innermost item in flight is one of a loop inside others.
    pub(crate) fn is_in_inner_item(&self) -> bool {
        self.loops.depth_in_flight().is_some_and(|depth| depth > 0)
    }

    /// Adds the items that a loop has counted by itself, and notes whether an item is in flight in it.
    pub(crate) fn settle(&mut self, depth: usize, completed: u64, in_flight: bool) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.settle(completed, in_flight);
        }
        if completed > 0 {
            self.values.places.item_completed();
        }
    }

    /// Lets the items of the loop run side by side from now on.
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

    /// Completes an item of a loop whose items run side by side, which nobody has attended to. Returns `false` if the
    /// loop needs that.
    #[inline]
    pub(crate) fn complete_beside(&mut self, depth: usize, index: u64) -> bool {
        let is_complete = self.beside(depth).complete(index);
        if is_complete {
            self.values.places.item_completed();
        }
        is_complete
    }

    /// Returns whether the input of the loop never gives an item again that it has given.
    pub(crate) fn gives_once(&self, depth: usize) -> bool {
        self.loops.get(depth).is_some_and(OpenLoop::gives_once)
    }

    /// Returns how many items of the loop are complete, including those that were passed over.
    #[inline]
    pub(crate) fn reached(&self, depth: usize) -> Option<u64> {
        self.loops.get(depth).map(OpenLoop::reached)
    }

    /// Completes the item in flight inside `depth` loops, and with it the inner loops that ended in it. Returns whether
    /// an item was in flight.
    #[inline]
    pub(crate) fn complete(&mut self, depth: usize) -> bool {
        let is_complete = self.loops.complete(depth);
        if is_complete {
            self.values.places.item_completed();
        }
        is_complete
    }

    /// Returns the item in flight inside `depth` loops, which takes `nanos` nanoseconds, as one of the slowest.
    pub(crate) fn slow_item(&self, depth: usize, nanos: u64) -> Option<SlowItem> {
        self.loops.slow_item(depth, nanos)
    }

    /// Notes that the input of a loop has ended.
    pub(crate) fn exhausted(&mut self, depth: usize) {
        if let Some(open) = self.loops.get_mut(depth) {
            open.exhausted();
        }
    }

    /// Takes in that the input of a loop has only so many items. Returns what the checkpoint is to be told.
    pub(crate) fn shrink(&mut self, depth: usize, total: u64) -> Option<LoopChange> {
        self.loops.get_mut(depth).map(|open| open.shrink(total))
    }

    /// Leaves a loop. Returns whether its end has to be saved.
    pub(crate) fn leave(&mut self, depth: usize) -> bool {
        let is_to_be_saved = self.loops.leave(depth, self.values.are_carried());
        if is_to_be_saved {
            self.values.take_at_end();
        }
        is_to_be_saved
    }

    /// Returns whether the end of the loop that was left has to be saved at once. The values have been taken.
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

/// Parts that are saved by themselves.
impl Progress {
    /// Begins a part of the run that is saved by itself. Returns the progress outside the part.
    pub(crate) fn begin_part(&mut self) -> Progress {
        let part = Progress { values: self.values.of_part(), ..Progress::default() };
        std::mem::replace(self, part)
    }
}

/// The values of a run's variables.
impl Progress {
    /// Returns the values at the place where the run is, with what is stored of them.
    pub(crate) fn values<'a>(&'a mut self, stored: Stored<'a>) -> CurrentValues<'a> {
        CurrentValues { values: &mut self.values, loops: &mut self.loops, stored }
    }

    /// Returns the cursor of the last item that the loop `loop_id` completed; `None` on a fresh start. The loop has
    /// `depth` loops around it, and may be under way.
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

    /// Returns whether the variables include handles, which are taken with each item.
    pub(crate) fn has_handles(&self) -> bool {
        self.values.have_any_handles()
    }
}

/// Items that fail, and that are given up.
impl Progress {
    /// Returns the item in flight inside `depth` loops, to count attempts at it.
    pub(crate) fn attempted(&mut self, depth: usize) -> Attempted<'_> {
        Attempted { loops: &mut self.loops, depth }
    }

    /// Clears the suspects of all loops, because the suspected item has ended.
    pub(crate) fn clear_suspects(&mut self) {
        self.loops.clear_suspects();
    }

    /// Marks the item in flight as the suspect with the cause `cause`, in case the process ends before the item does.
    #[cfg(feature = "limits")]
    pub(crate) fn suspect_of(&mut self, cause: CrashCause) {
        if let Some(open) = self.loops.in_flight_mut() {
            open.suspect_of(cause);
        }
    }

    /// Returns how many items the job has given up, in all runs.
    pub(crate) fn given_up(&self, stored: Stored<'_>) -> u64 {
        self.given_up.count(stored.checkpoint())
    }

    /// Counts an item that was given up without a record.
    pub(crate) fn skip(&mut self) {
        self.given_up.skip();
    }

    /// Adds an item that was given up as a dead letter. Returns whether the job has room for one more.
    pub(crate) fn give_up(&mut self, stored: Stored<'_>, letter: &DeadLetter) -> bool {
        self.given_up.add(letter, stored.checkpoint())
    }

    /// Returns whether the job has dead letters.
    pub(crate) fn has_dead_letters(&self, stored: Stored<'_>) -> bool {
        self.given_up.has_dead_letters()
            || stored.has(|checkpoint| !checkpoint.dead_letters().is_empty())
    }
}
