//! The way of the items through a run: entering loops, completing items, leaving, and what the
//! next save has to tell of it.

mod before;
#[cfg(feature = "limits")]
mod beside;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Instant;

use safe_state_backends::format::{Advance, Change, LoopChange, Record};
use safe_state_backends::{
    Captured, CarriedChange, Completed, DeadLetters, Failure, LoopEnd, LoopProgress, Store,
};

use crate::Error;
use crate::items::entry::{Entry, Number, WrongInput};
use crate::items::identity::{ANOTHER_KEY, Way};
use crate::items::key::KeyHash;
use crate::outcome::Failed;
use crate::run::Run;
use crate::run::begin::OnChange;
use crate::run::open_loop::OpenLoop;

pub(crate) use before::Before;

/// How many saves lie between two that store the items' median time.
const SAVES_PER_MEDIAN: u64 = 32;

/// Where a run stands.
#[derive(Debug, Default)]
pub(crate) struct Position {
    /// The loops it is in, from the outside in.
    pub(crate) open: Vec<OpenLoop>,
    /// What loops that were left have not told the checkpoint yet, and how many were around each.
    ended: Vec<(usize, LoopChange)>,
    /// How many items those completed.
    completed: u64,
    /// The carried variables that changed.
    pub(crate) carried: Vec<CarriedChange>,
    /// Whether the function carries variables, which then have to match the progress.
    pub(crate) carries: bool,
    /// The loop entered last.
    pub(crate) location: Cow<'static, str>,
    /// Whether a `return` in a loop's body is what leaves it.
    pub(crate) returning: bool,
    /// The steps that were come to.
    pub(crate) steps: BTreeSet<String>,
    /// Whether the end of the loop left last waits for what comes next.
    holds_back: bool,
    /// Items skipped since the last save.
    pub(crate) skipped: u64,
    /// Those given up on since the last save.
    pub(crate) dead_letters: DeadLetters,
    saves: u64,
}

impl Position {
    /// The items that the run is in, from the outside in, of the first `depth` loops.
    pub(crate) fn within(&self, depth: usize) -> Vec<u64> {
        self.open.iter().take(depth).map(OpenLoop::item).collect()
    }

    /// The item in flight, of the innermost loop that has one.
    pub(crate) fn in_flight(&self) -> Option<u64> {
        self.open.iter().rfind(|open| open.in_flight).map(|open| open.position)
    }

    /// The hash of that item's key, if it is known by key.
    pub(crate) fn key(&self) -> Option<u64> {
        self.open.iter().rfind(|open| open.in_flight).and_then(OpenLoop::key)
    }

    /// The failure with what is known of the item in flight.
    pub(crate) fn about_item(&self, failed: &Failed) -> Failure {
        let location = failed.location().unwrap_or_else(|| self.location.clone().into_owned());
        let failure = failed.failure.clone().with_index(self.in_flight()).with_location(location);
        failure.with_captured(self.captured())
    }

    /// What was recorded of the items in flight.
    fn captured(&self) -> impl Iterator<Item = Captured> {
        let in_flight = self.open.iter().filter(|open| open.in_flight);
        in_flight.flat_map(|open| open.captured.iter().cloned())
    }

    /// After a failure the carried variables hold what the failed item did to them, and their
    /// values as of the last item that completed are gone: the items since the last save run again.
    pub(crate) fn keep_only_what_matches_carried_values(&mut self) {
        if self.carries {
            self.open.clear();
            self.ended.clear();
            self.carried.clear();
            self.skipped = 0;
            self.dead_letters = DeadLetters::default();
        }
    }

    /// The item in flight inside `depth` loops is complete, and with it what ended in it. Says
    /// whether there was one.
    #[inline]
    pub(crate) fn complete(&mut self, depth: usize) -> bool {
        match self.open.get_mut(depth) {
            Some(open) if open.in_flight => open.complete(),
            _ => return false,
        }
        if self.open.len() > depth + 1 {
            self.forget_inner(depth);
        }
        if !self.ended.is_empty() {
            self.ended.retain(|(around, _)| *around <= depth);
        }
        true
    }

    /// What the checkpoint has not been told yet, and how many items completed with it.
    fn take_change(&mut self) -> (Change, u64) {
        let mut loops = Vec::with_capacity(self.ended.len() + self.open.len());
        loops.extend(self.ended.drain(..).map(|(_, change)| change));
        let mut count = std::mem::take(&mut self.completed);
        for (change, completed) in self.open.iter_mut().filter_map(OpenLoop::change) {
            loops.push(change);
            count += completed;
        }
        let change = Change {
            loops,
            carried: std::mem::take(&mut self.carried),
            skipped: std::mem::take(&mut self.skipped),
            dead_letters: take_unless_empty(&mut self.dead_letters),
            ..Change::default()
        };
        (change, count)
    }

    /// A loop left from within by a label, or by `continue` of an outer one, has not said so. What
    /// it did belongs to an item that is complete, or will begin anew.
    #[cold]
    fn forget_inner(&mut self, depth: usize) {
        self.open.truncate(depth + 1);
    }
}

impl Run {
    /// Enters a loop over `total` items, if its input tells.
    pub(crate) fn enter_loop(
        &mut self,
        Number { depth, id: loop_id }: Number,
        location: Cow<'static, str>,
        total: Option<u64>,
        way: Way,
    ) -> Result<Entry, Error> {
        self.position.open.truncate(depth);
        self.position.location = location;
        let within = self.position.within(depth);
        let stored = self.stored_loop(loop_id, depth);
        self.check_left_behind(loop_id, &within)?;
        let checked = stored.map_or(Ok(()), |stored| way.check(stored));
        checked.map_err(|before| self.other_way(before))?;
        let closed_at = stored.and_then(|stored| self.closed_at(loop_id, stored));
        let completed = stored.map_or_else(Completed::default, |stored| stored.completed().clone());
        let total = match way {
            Way::Cursor => total.map(|left| left.saturating_add(completed.len())),
            Way::Index | Way::Key(_) => total,
        };
        // What a closed loop is left with stays as it is.
        let open_way = if closed_at.is_some() { Way::Index } else { way };
        let open = OpenLoop::enter(loop_id, within, stored, total, open_way);
        let mark = stored.and_then(LoopProgress::mark);
        let mark = mark.filter(|_| self.on_input_change != OnChange::Continue);
        let keys = stored.and_then(LoopProgress::keys).map_or(0, |keys| keys.len() as u64);
        let skipped = completed.len().max(keys);
        if depth == 0 && skipped > 0 {
            self.say_resumed(skipped);
        }
        let around = self.position.open.last().map(|around| around.position);
        self.bars.enter(self.events.job(), depth, around, open.position, total);
        self.position.open.push(open);
        match (way, total) {
            (Way::Index, Some(total)) if total < completed.end() && closed_at.is_none() => {
                Err(self.input_shrank(completed.len(), Some(total)))
            }
            (Way::Index, _) => Ok(Entry { completed, mark, closed_at }),
            (Way::Key(_), _) if closed_at.is_some() => {
                Ok(Entry { completed, mark: None, closed_at })
            }
            (Way::Key(_) | Way::Cursor, _) => {
                let completed = Completed::default();
                Ok(Entry { completed, mark: None, closed_at: closed_at.map(|_| 0) })
            }
        }
    }

    /// What is stored of the loop in the items that the run is in.
    pub(crate) fn stored_loop(&self, loop_id: u16, depth: usize) -> Option<&LoopProgress> {
        let stored = self.store.as_ref()?.checkpoint().loop_progress(loop_id)?;
        (stored.within() == self.position.within(depth)).then_some(stored)
    }

    /// The item at which a `break` has left the loop for good, as the run before had come to a later one,
    /// or to its end.
    fn closed_at(&self, loop_id: u16, stored: &LoopProgress) -> Option<u64> {
        if stored.closed_at().is_some() {
            return stored.closed_at();
        }
        let checkpoint = self.store.as_ref().map(Store::checkpoint);
        let is_later =
            |(id, later): (u16, &LoopProgress)| id > loop_id && later.within() == stored.within();
        let is_left_behind =
            || checkpoint.is_some_and(|checkpoint| checkpoint.numbered_loops().any(is_later));
        let is_closed =
            stored.end() == Some(LoopEnd::Left) && (self.was_finished || is_left_behind());
        is_closed.then(|| stored.completed().prefix())
    }

    fn say_resumed(&self, completed: u64) {
        if let Some(store) = &self.store {
            let checkpoint = store.checkpoint();
            self.events.resumed(checkpoint.run_count(), completed, checkpoint.typical_item_time());
        }
    }

    pub(crate) fn wrong_input(&self, completed: u64, wrong: WrongInput) -> Error {
        match wrong {
            WrongInput::TooShort => self.input_shrank(completed, None),
            WrongInput::OtherItem(index) => {
                Error::InputChanged { job: self.events.job().to_owned(), index }
            }
        }
    }

    fn other_way(&self, before: &'static str) -> Error {
        Error::OtherWay { job: self.events.job().to_owned(), before }
    }

    pub(crate) fn no_key(&self, reason: String) -> Error {
        Error::NoKey { job: self.events.job().to_owned(), reason }
    }

    fn input_shrank(&self, completed: u64, found: Option<u64>) -> Error {
        Error::InputShrank { job: self.events.job().to_owned(), completed, found }
    }

    #[inline]
    pub(crate) fn hand_out(&mut self, depth: usize) {
        self.settle(depth, 0, true);
    }

    /// Whether the fingerprint of the item handed out is wanted: it may be the last before a save,
    /// or the only one before a failure.
    pub(crate) fn wants_mark(&self, depth: usize) -> bool {
        self.schedule.is_due_next() || self.lacks_mark(depth)
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
        #[cfg(feature = "limits")]
        self.end_item();
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
        #[cfg(feature = "limits")]
        self.unpark();
        if let Some(open) = self.position.open.get_mut(depth) {
            open.settle(completed, in_flight);
            if in_flight && self.spans.has_items() {
                self.spans.enter_item(depth, open.position);
            }
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
        self.schedule.budget().min(self.requests.budget())
    }

    pub(crate) fn exhausted(&mut self, depth: usize) {
        if let Some(open) = self.position.open.get_mut(depth) {
            open.exhausted();
        }
    }

    /// The loop has been left. Says whether that is to be saved.
    pub(crate) fn leave_loop(&mut self, depth: usize) -> bool {
        #[cfg(feature = "limits")]
        self.end_item();
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

fn take_unless_empty(letters: &mut DeadLetters) -> Option<Box<DeadLetters>> {
    (!letters.is_empty()).then(|| Box::new(std::mem::take(letters)))
}
