//! Where a run stands, and what of it the next save has to tell.

use std::borrow::Cow;
use std::collections::BTreeSet;

use safe_state_backends::format::{Change, LoopChange};
use safe_state_backends::{Captured, CarriedChange, DeadLetters, Failure};

use crate::failure::outcome::Failed;
use crate::progress::open_loop::OpenLoop;
use crate::progress::places::Places;
use crate::secrets::masked_value;

/// Where a run stands.
#[derive(Debug, Default)]
pub(crate) struct Position {
    /// The loops it is in, from the outside in.
    pub(crate) open: Vec<OpenLoop>,
    /// What loops that were left have not told the checkpoint yet, and how many were around each.
    pub(super) ended: Vec<(usize, LoopChange)>,
    /// How many items those completed.
    pub(super) completed: u64,
    /// The carried variables that changed.
    pub(crate) carried: Vec<CarriedChange>,
    /// What they were at places that a resumed run comes to again.
    pub(crate) places: Places,
    /// Whether the function carries variables, which then have to match the progress.
    pub(crate) carries: bool,
    pub(crate) rest: Rest,
    /// The loop entered last.
    pub(crate) location: Cow<'static, str>,
    /// Whether a `return` in a loop's body is what leaves it.
    pub(crate) returning: bool,
    /// The steps that were come to.
    pub(crate) steps: BTreeSet<String>,
    /// Whether the end of the loop left last waits for what comes next.
    pub(super) holds_back: bool,
    /// Items skipped since the last save.
    pub(crate) skipped: u64,
    /// Those given up on since the last save.
    pub(crate) dead_letters: DeadLetters,
    pub(super) saves: u64,
    /// Why the run ends with the item's failure, beside that itself.
    pub(crate) reasons: Vec<String>,
}

/// Whether the carried variables are as what is complete left them.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// Whether there are handles among them, which are not taken unless they are saved: it syncs them.
    pub(crate) has_handles: bool,
    /// Whether the run waits at a loop's head, where the others have been taken.
    pub(crate) is_at_head: bool,
}

impl Rest {
    pub(crate) fn has_values(&self) -> bool {
        self.is_at_head && !self.has_handles
    }
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
        failure.with_captured(self.captured()).with_reasons(&self.reasons)
    }

    /// What was recorded of the items in flight.
    fn captured(&self) -> impl Iterator<Item = Captured> {
        let in_flight = self.open.iter().filter(|open| open.in_flight);
        let captured = in_flight.flat_map(|open| &open.captured);
        captured.map(|Captured { name, value }| Captured {
            name: name.clone(),
            value: masked_value(name, value),
        })
    }

    /// After a failure the carried variables hold what the failed item did to them, and their
    /// values as of the last item that completed are gone: the items since the last save run again.
    pub(crate) fn keep_only_what_matches_carried_values(&mut self) {
        if self.carries {
            self.open.clear();
            self.ended.clear();
            self.carried.clear();
            self.places.forget_progress();
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
        self.places.item_completed();
        if self.open.len() > depth + 1 {
            self.forget_inner(depth);
        }
        if !self.ended.is_empty() {
            self.ended.retain(|(around, _)| *around <= depth);
        }
        true
    }

    /// What the checkpoint has not been told yet, and how many items completed with it.
    pub(crate) fn take_change(&mut self) -> (Change, u64) {
        let mut loops = Vec::with_capacity(self.ended.len() + self.open.len());
        loops.extend(self.ended.drain(..).map(|(_, change)| change));
        let mut count = std::mem::take(&mut self.completed);
        for (change, completed) in self.open.iter_mut().filter_map(OpenLoop::change) {
            loops.push(change);
            count += completed;
        }
        let mut carried = self.places.take();
        carried.append(&mut self.carried);
        let change = Change {
            loops,
            carried,
            skipped: std::mem::take(&mut self.skipped),
            dead_letters: take_unless_empty(&mut self.dead_letters),
            ..Change::default()
        };
        (change, count)
    }

    /// No item is suspected any more: the one that was has come to its end.
    pub(crate) fn acquit(&mut self) {
        self.open.iter_mut().for_each(OpenLoop::suspect_none);
    }

    /// A loop left from within by a label, or by `continue` of an outer one, has not said so. What
    /// it did belongs to an item that is complete, or will begin anew.
    #[cold]
    fn forget_inner(&mut self, depth: usize) {
        self.open.truncate(depth + 1);
    }
}

fn take_unless_empty(letters: &mut DeadLetters) -> Option<Box<DeadLetters>> {
    (!letters.is_empty()).then(|| Box::new(std::mem::take(letters)))
}
