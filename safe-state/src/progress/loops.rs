//! The loops that a run is in, and what those that it has left have not told the checkpoint yet.

use std::borrow::Cow;

use safe_state_backends::format::{Advance, LoopChange};
use safe_state_backends::{Captured, Carried};

use super::open_loop::{OpenLoop, Unpaged, before};
use super::stored::Stored;
use crate::secrets::masked_value;

/// Where a run stands in its loops.
#[derive(Debug, Default)]
pub(super) struct Loops {
    /// The loops it is in, from the outside in.
    open: Vec<OpenLoop>,
    /// What loops that were left have not told the checkpoint yet, and how many were around each.
    ended: Vec<(usize, LoopChange)>,
    /// How many items those completed.
    completed: u64,
    /// The loop entered last.
    location: Cow<'static, str>,
    /// Whether a `return` in a loop's body is what leaves it.
    returning: bool,
    /// Whether the end of the loop left last waits for what comes next.
    holds_back: bool,
}

/// The loops as they were before an item completed.
#[derive(Debug)]
pub(super) struct Before {
    open: Vec<before::Before>,
    ended: Vec<(usize, LoopChange)>,
    completed: u64,
}

impl Loops {
    #[inline]
    pub(super) fn get(&self, depth: usize) -> Option<&OpenLoop> {
        self.open.get(depth)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, depth: usize) -> Option<&mut OpenLoop> {
        self.open.get_mut(depth)
    }

    pub(super) fn are_none(&self) -> bool {
        self.open.is_empty()
    }

    /// Returns the items that the run is in, from the outside in, of the first `depth` loops.
    pub(super) fn within(&self, depth: usize) -> Vec<u64> {
        self.open.iter().take(depth).map(OpenLoop::item).collect()
    }

    /// Returns the innermost loop that has an item in flight.
    pub(super) fn in_flight(&self) -> Option<&OpenLoop> {
        self.open.iter().rfind(|open| open.is_in_flight())
    }

    /// Returns how many loops are around that one.
    pub(super) fn depth_in_flight(&self) -> Option<usize> {
        self.open.iter().rposition(OpenLoop::is_in_flight)
    }

    #[cfg(feature = "limits")]
    pub(super) fn in_flight_mut(&mut self) -> Option<&mut OpenLoop> {
        self.open.iter_mut().rfind(|open| open.is_in_flight())
    }

    /// Returns what was recorded of the items in flight.
    pub(super) fn captured(&self) -> Vec<Captured> {
        let in_flight = self.open.iter().filter(|open| open.is_in_flight());
        let masked = |Captured { name, value }: &Captured| Captured {
            name: name.clone(),
            value: masked_value(name, value),
        };
        in_flight.flat_map(OpenLoop::captured).map(masked).collect()
    }

    /// Returns the cursor of the last item that the loop of that number completed.
    pub(super) fn cursor<'a>(
        &'a self,
        stored: Stored<'a>,
        depth: usize,
        loop_id: u16,
    ) -> Option<&'a Carried> {
        match self.get(depth).filter(|open| open.loop_id() == loop_id) {
            Some(open) => open.cursor(),
            None => stored.loop_within(loop_id, &self.within(depth))?.cursor(),
        }
    }

    pub(super) fn location(&self) -> &Cow<'static, str> {
        &self.location
    }

    /// Notes that a `return` is about to leave a loop.
    pub(super) fn returning(&mut self) {
        self.returning = true;
    }

    /// Returns whether a `?` has left the loop that has an item in flight.
    pub(super) fn were_left_by_question_mark(&self) -> bool {
        self.in_flight().is_some() && !self.returning
    }

    /// Returns whether the end of the loop left last waits for what comes next.
    pub(super) fn hold_back(&self) -> bool {
        self.holds_back
    }

    /// Comes to a loop that has `depth` loops around it: leaves those inside. Returns whether it is the loop of that
    /// number that was open there.
    pub(super) fn reach(
        &mut self,
        depth: usize,
        loop_id: u16,
        location: Cow<'static, str>,
    ) -> bool {
        let again = self.get(depth).is_some_and(|open| open.loop_id() == loop_id);
        self.open.truncate(depth);
        self.location = location;
        again
    }

    /// Enters a loop. Returns the item around it that the run is in.
    pub(super) fn push(&mut self, open: OpenLoop) -> Option<u64> {
        let around = self.open.last().map(OpenLoop::position);
        self.open.push(open);
        around
    }

    /// Completes the item in flight inside `depth` loops, and with it what ended in it. Returns
    /// whether there was one.
    #[inline]
    pub(super) fn complete(&mut self, depth: usize) -> bool {
        match self.open.get_mut(depth) {
            Some(open) if open.is_in_flight() => open.complete(),
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

    /// A loop left from within by a label, or by `continue` of an outer one, has not said so. What
    /// it did belongs to an item that is complete, or will begin anew.
    #[cold]
    fn forget_inner(&mut self, depth: usize) {
        self.open.truncate(depth + 1);
    }

    /// Leaves the loop. Returns whether that is to be saved.
    pub(super) fn leave(&mut self, depth: usize, are_values_carried: bool) -> bool {
        self.open.truncate(depth + 1);
        let Some(mut open) = self.open.pop() else { return false };
        let by_break = open.leave();
        if let Some((change, completed)) = open.change() {
            self.ended.push((depth, change));
            self.completed += completed;
        }
        // What a `break` leaves behind in carried variables is no longer what they were when the
        // item before completed, so it is saved with what comes next, be it the end. And so is an
        // inner loop's end.
        self.holds_back = depth > 0 || (by_break && are_values_carried);
        !self.ended.is_empty()
    }

    /// Forgets what completed since the last save.
    pub(super) fn forget_progress(&mut self) {
        self.open.clear();
        self.ended.clear();
    }

    /// Returns what is unsaved, for a page.
    pub(super) fn unsaved(&self) -> Unpaged {
        match self.open.as_slice() {
            [open] if self.ended.is_empty() => open.unsaved(),
            _ => Unpaged::Record,
        }
    }

    /// Takes the items that completed since the last save, if they are all there is to save.
    pub(super) fn advance(&mut self) -> Option<Advance> {
        match self.open.as_mut_slice() {
            [open] if self.ended.is_empty() => open.advance(),
            _ => None,
        }
    }

    /// Takes what the checkpoint has not been told yet, and how many items completed with it.
    pub(super) fn take_changes(&mut self) -> (Vec<LoopChange>, u64) {
        let mut changes = Vec::with_capacity(self.ended.len() + self.open.len());
        changes.extend(self.ended.drain(..).map(|(_, change)| change));
        let mut count = std::mem::take(&mut self.completed);
        for (change, completed) in self.open.iter_mut().filter_map(OpenLoop::change) {
            changes.push(change);
            count += completed;
        }
        (changes, count)
    }

    /// Clears the suspects, which the next save tells.
    pub(super) fn clear_suspects(&mut self) {
        self.open.iter_mut().for_each(OpenLoop::clear_suspect);
    }

    /// Takes what the checkpoint is to be told of suspects, and nothing else.
    pub(super) fn take_suspects(&mut self) -> Vec<LoopChange> {
        self.open.iter_mut().filter_map(OpenLoop::take_suspect).collect()
    }

    /// Returns the loops as they are. The item in flight has no loops under way in it any more.
    pub(super) fn before(&self) -> Before {
        Before {
            open: self.open.iter().map(before::Before::of).collect(),
            ended: self.ended.clone(),
            completed: self.completed,
        }
    }

    pub(super) fn put_back(&mut self, before: Before) {
        for (open, before) in self.open.iter_mut().zip(before.open) {
            before.put_back(open);
        }
        self.ended = before.ended;
        self.completed = before.completed;
    }
}
