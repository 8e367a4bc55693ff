//! The way of the items through a run: completing them, leaving loops, and what the next save has to tell
//! of it.

mod before;
#[cfg(feature = "limits")]
mod beside;
mod entering;
mod interrupted;
pub(crate) mod open_loop;
pub(crate) mod places;
mod position;
mod steps;
pub(crate) mod unsaved;
pub(crate) mod values;

use std::borrow::Cow;
use std::time::Instant;

use safe_state_backends::format::{Advance, Change, Record};

use crate::Error;
use crate::items::entry::Number;
use crate::items::identity::{ANOTHER_KEY, Way};
use crate::items::key::KeyHash;
use crate::progress::open_loop::OpenLoop;
use crate::run::Run;

pub(crate) use before::Before;
pub(crate) use position::Position;

/// How many saves lie between two that store the items' median time.
const SAVES_PER_MEDIAN: u64 = 32;

impl Run {
    #[inline]
    pub(crate) fn hand_out(&mut self, depth: usize) {
        self.settle(depth, 0, true);
    }

    /// Whether the fingerprint of the item handed out is wanted: it may be the last before a save,
    /// or the only one before a failure.
    pub(crate) fn wants_mark(&self, depth: usize) -> bool {
        self.schedule.is_due_next()
            || self
                .position
                .open
                .get(depth)
                .is_some_and(|open| open.lacks_mark() || open.is_sample())
    }

    fn lacks_mark(&self, depth: usize) -> bool {
        self.position.open.get(depth).is_some_and(OpenLoop::lacks_mark)
    }

    #[inline]
    pub(crate) fn mark(&mut self, depth: usize, fingerprint: Option<u32>) {
        if let Some(open) = self.position.open.get_mut(depth) {
            open.set_mark(fingerprint);
        }
    }

    /// Passes over items that are complete.
    pub(crate) fn pass_over(&mut self, depth: usize, count: u64) {
        if let Some(open) = self.position.open.get_mut(depth) {
            open.pass_over(count);
        }
    }

    /// Takes in an item of a loop by key. Says whether it is to be done.
    pub(crate) fn meet(&mut self, depth: usize, key: KeyHash) -> Result<bool, Error> {
        let met = self.position.open.get_mut(depth).map_or(Some(true), |open| open.meet(key));
        met.ok_or_else(|| self.other_way(ANOTHER_KEY))
    }

    /// The body of the item handed out last has ended. Says whether there is something to do about it.
    #[inline]
    pub(crate) fn complete(&mut self, depth: usize) -> bool {
        self.limits.end_item();
        let was_committed = self.was_committed();
        if self.position.complete(depth) {
            self.replayed(depth);
            self.show_position(depth);
            let is_due = self.schedule.item_completed();
            return self.requests.is_due() || is_due;
        }
        if was_committed {
            self.show_position(depth);
            return self.requests.is_due();
        }
        // In doubt, it is the save which says that there can be none.
        self.is_in_doubt() || self.requests.is_due_at_once()
    }

    /// Shows that the item of a loop is complete.
    fn show_position(&mut self, depth: usize) {
        if let Some(open) = self.position.open.get(depth) {
            self.bars.reach(depth, open.position);
        }
        if self.spans.has_items() {
            self.spans.exit_items(depth);
        }
    }

    /// Takes in what a loop has counted by itself, and whether an item is in flight there.
    pub(crate) fn settle(&mut self, depth: usize, completed: u64, in_flight: bool) {
        self.take_back_lent();
        if let Some(open) = self.position.open.get_mut(depth) {
            open.settle(completed, in_flight);
            if in_flight && self.spans.has_items() {
                self.spans.enter_item(depth, open.position);
            }
        }
        if completed > 0 {
            self.position.places.item_completed();
        }
        self.schedule.items_completed(completed);
        self.requests.count(completed);
    }

    /// How many items may complete until a save may be due, a fingerprint is wanted, or it may be time to
    /// ask whether to go on.
    pub(crate) fn items_until_a_look(&self, depth: usize) -> u64 {
        if self.lacks_mark(depth) || self.spans.has_items() {
            return 1;
        }
        let until_sample =
            self.position.open.get(depth).map_or(u64::MAX, OpenLoop::items_until_sample);
        self.schedule.budget().min(self.requests.budget()).min(until_sample)
    }

    pub(crate) fn exhausted(&mut self, depth: usize) {
        if let Some(open) = self.position.open.get_mut(depth) {
            open.exhausted();
        }
    }

    /// The loop has been left. Says whether that is to be saved.
    pub(crate) fn leave_loop(&mut self, depth: usize) -> bool {
        self.limits.end_item();
        let _ = self.was_committed();
        self.position.open.truncate(depth + 1);
        self.bars.leave(depth);
        self.spans.exit_items(depth);
        let Some(mut open) = self.position.open.pop() else { return false };
        let by_break = open.left();
        if let Some((change, completed)) = open.change() {
            self.position.ended.push((depth, change));
            self.position.completed += completed;
        }
        // What a `break` leaves behind in carried variables is no longer what they were when the
        // item before completed, so it is saved with what comes next, be it the end. And so is an
        // inner loop's end.
        self.position.holds_back = depth > 0 || (by_break && self.position.carries);
        !self.position.ended.is_empty()
    }

    /// Whether what was left is to be saved at once.
    pub fn saves_now(&self) -> bool {
        !self.position.holds_back
    }

    /// Marks a `return` that is about to leave a loop.
    pub fn returning(&mut self) {
        self.position.returning = true;
    }

    /// In manual mode: counts one more `checkpoint!()`. Says whether a save is due.
    pub fn checkpoint(&mut self, location: &'static str) -> bool {
        self.enter_manually(location);
        self.hand_out(0);
        self.complete(0)
    }

    /// In manual mode: enters the loop whose items checkpoints are, the first time.
    pub(crate) fn enter_manually(&mut self, location: &'static str) {
        if self.position.open.is_empty() {
            // There is no input that could be wrong.
            let number = Number { depth: 0, id: 0 };
            let _ = self.enter_loop(number, Cow::Borrowed(location), None, Way::Index);
        }
    }

    /// What is to be saved now, in its shortest form: most saves need no more than an advance, and
    /// are spared the rest.
    pub(crate) fn record(&mut self, now: Instant) -> Record {
        match self.advance(now) {
            Some(advance) => Record::Advance(advance),
            None => self.change(now).into(),
        }
    }

    /// Takes in how long the items since the last save took.
    fn worked(&mut self, items: u64, now: Instant) {
        let time = now - self.schedule.last_save();
        self.pace.worked(items, time);
        self.events.meters.completed(items, time);
    }

    fn advance(&mut self, now: Instant) -> Option<Advance> {
        let position = &mut self.position;
        let [open] = position.open.as_mut_slice() else { return None };
        let median_is_due = (position.saves + 1).is_multiple_of(SAVES_PER_MEDIAN);
        let has_more = !position.ended.is_empty() || !position.carried.is_empty();
        let has_more = has_more || !position.places.is_empty();
        if median_is_due || has_more || position.skipped > 0 || !position.dead_letters.is_empty() {
            return None;
        }
        let advance = open.advance()?;
        position.saves += 1;
        self.worked(advance.count, now);
        Some(advance)
    }

    /// What is to be saved now.
    pub(crate) fn change(&mut self, now: Instant) -> Change {
        let (change, count) = self.position.take_change();
        if count > 0 {
            self.worked(count, now);
        }
        self.position.saves += 1;
        let median_is_due = self.position.saves.is_multiple_of(SAVES_PER_MEDIAN);
        Change { item_nanos: if median_is_due { self.pace.median() } else { None }, ..change }
    }
}
