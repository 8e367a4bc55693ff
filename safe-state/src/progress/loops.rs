//! The loops that a run is in, and the unsaved changes of those that it has left.

use std::borrow::Cow;

use safe_state_backends::format::{Advance, LoopChange};
use safe_state_backends::{Captured, Carried, SlowItem};

use super::open_loop::{OpenLoop, Unpaged, before};
use super::stored::Stored;
use crate::bounded::bounded;
use crate::secrets::masked_value;

/// The longest text of a slow item, in bytes. The stored one may have three more, for what stands for the rest.
const SHOWN: usize = 93;

/// The position of a run in its loops.
#[derive(Debug, Default)]
pub(super) struct Loops {
    /// The loops that the run is in, from the outermost in.
    open: Vec<OpenLoop>,
    /// The unsaved changes of loops that were left, each with the number of loops around it.
    ended: Vec<(usize, LoopChange)>,
    /// The number of items that completed in loops that were left, since the last save.
    completed: u64,
    /// The location of the loop that was entered last.
    location: Cow<'static, str>,
    /// Whether a `return` in a loop's body leaves the loop.
    returning: bool,
    /// Whether the end of the loop that was left last is saved with what comes next, and not at once.
    holds_back: bool,
}

/// The loops before an item completed.
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

    /// Returns the items of the first `depth` loops that the run is in, from the outermost in.
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

    /// Returns the values recorded of the items in flight, with secrets masked.
    pub(super) fn captured(&self) -> Vec<Captured> {
        let in_flight = self.open.iter().filter(|open| open.is_in_flight());
        let masked = |Captured { name, value }: &Captured| Captured {
            name: name.clone(),
            value: masked_value(name, value),
        };
        in_flight.flat_map(OpenLoop::captured).map(masked).collect()
    }

    /// Returns the item in flight inside `depth` loops as one of the slowest, with the values recorded of it, in which
    /// secrets are masked.
    pub(super) fn slow_item(&self, depth: usize, nanos: u64) -> Option<SlowItem> {
        let open = self.get(depth)?;
        let shown =
            |Captured { name, value }: &Captured| format!("{name} = {}", masked_value(name, value));
        let captured: Vec<String> = open.captured().iter().map(shown).collect();
        Some(SlowItem {
            loop_id: open.loop_id(),
            within: self.within(depth),
            index: open.position(),
            key: open.key(),
            nanos,
            captured: bounded(SHOWN, format_args!("{}", captured.join(", "))),
        })
    }

    /// Returns the cursor of the last item that the loop `loop_id` completed.
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

    /// Returns whether the end of the loop that was left last is saved with what comes next, and not at once.
    pub(super) fn hold_back(&self) -> bool {
        self.holds_back
    }

    /// Comes to a loop inside `depth` others, and leaves the loops further in. Returns whether the loop `loop_id` was
    /// open there already.
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

    /// Enters a loop. Returns the index of the item around it that the run is in.
    pub(super) fn push(&mut self, open: OpenLoop) -> Option<u64> {
        let around = self.open.last().map(OpenLoop::position);
        self.open.push(open);
        around
    }

    /// Completes the item in flight inside `depth` loops, and drops the ends of loops inside it. Returns whether an
    /// item was in flight.
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

    /// Drops the inner loops that a label, or a `continue` of an outer loop, has left without a report. What they did
    /// belongs to an item that is complete or will begin anew.
    #[cold]
    fn forget_inner(&mut self, depth: usize) {
        self.open.truncate(depth + 1);
    }

    /// Leaves the loop. Returns whether its end has to be saved.
    pub(super) fn leave(&mut self, depth: usize, are_values_carried: bool) -> bool {
        self.open.truncate(depth + 1);
        let Some(mut open) = self.open.pop() else { return false };
        let by_break = open.leave();
        if let Some((change, completed)) = open.change() {
            self.ended.push((depth, change));
            self.completed += completed;
        }
        // After a `break`, carried variables may differ from their values when the last item completed. So the end is
        // saved with what comes next, which may be the end of the function. The end of an inner loop is saved in the
        // same way.
        self.holds_back = depth > 0 || (by_break && are_values_carried);
        !self.ended.is_empty()
    }

    /// Forgets what completed since the last save.
    pub(super) fn forget_progress(&mut self) {
        self.open.clear();
        self.ended.clear();
    }

    /// Returns what is unsaved, in the form for a page.
    pub(super) fn unsaved(&self) -> Unpaged<'_> {
        match self.open.as_slice() {
            [open] if self.ended.is_empty() => open.unsaved(),
            _ => Unpaged::Record,
        }
    }

    /// Returns what will be unsaved once the item in flight inside `depth` loops is complete.
    pub(super) fn unsaved_with_item(&self, depth: usize) -> Unpaged<'_> {
        match self.open.as_slice() {
            [open] if self.ended.is_empty() && depth == 0 => open.unsaved_with_item(),
            _ => Unpaged::Record,
        }
    }

    /// Takes the items that completed since the last save, if nothing else has to be saved.
    pub(super) fn advance(&mut self) -> Option<Advance> {
        match self.open.as_mut_slice() {
            [open] if self.ended.is_empty() => open.advance(),
            _ => None,
        }
    }

    /// Takes what the checkpoint does not have yet, and the number of items that completed with it.
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

    /// Clears the suspects; the next save stores that.
    pub(super) fn clear_suspects(&mut self) {
        self.open.iter_mut().for_each(OpenLoop::clear_suspect);
    }

    /// Takes only the changes of suspects, for a save.
    pub(super) fn take_suspects(&mut self) -> Vec<LoopChange> {
        self.open.iter_mut().filter_map(OpenLoop::take_suspect).collect()
    }

    /// Returns a copy of the loops. The item in flight has no loop under way inside it by then.
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
