//! Where a run stands in one loop.

pub(super) mod before;
mod changes;
mod cursors;
mod flights;
mod marks;
mod outline;
mod resume_point;
mod sampling;
mod suspicion;
mod unpaged;

use std::fmt::Arguments;

use safe_state_backends::format::LoopChange;
use safe_state_backends::{Captured, Carried, Completed, CrashCause, LoopProgress};

use crate::bounded::write_bounded;
use crate::items::capture;
use crate::items::fingerprint::serialized;
use crate::items::identity::IdentityKind;
use crate::items::key::KeyHash;
use crate::items::keyed::Keyed;

use cursors::Cursors;
use flights::{Bodies, Flights};
use marks::Marks;
use outline::Outline;
use suspicion::Suspicion;

pub(crate) use resume_point::ResumePoint;
pub(crate) use unpaged::Unpaged;

/// A loop that the run is in.
#[derive(Debug)]
pub(crate) struct OpenLoop {
    loop_id: u16,
    resume_point: ResumePoint,
    known: Known,
    count: Count,
    marks: Marks,
    suspicion: Suspicion,
    outline: Outline,
    bodies: Bodies,
}

/// By what a loop knows its items.
#[derive(Debug)]
struct Known {
    kind: IdentityKind,
    /// The keys, of a loop that knows its items by key.
    keyed: Option<Keyed>,
    cursors: Cursors,
}

/// How far a loop is.
#[derive(Clone, Copy, Debug)]
struct Count {
    /// The index of the next item to complete.
    position: u64,
    /// Whether the item at `position` has been handed out, and its body not ended.
    in_flight: bool,
    /// Items completed since the last save.
    unsaved: u64,
    /// Items passed over since the last save, of a loop that finds out item by item.
    passed_over: u64,
}

impl OpenLoop {
    /// Begins a loop inside the items at `within` of the loops around it, or goes on where `stored`
    /// says that it was in the same items.
    pub(super) fn enter(
        loop_id: u16,
        within: Vec<u64>,
        stored: Option<&LoopProgress>,
        total: Option<u64>,
        kind: IdentityKind,
    ) -> Self {
        let keys = stored.and_then(LoopProgress::keys);
        let keyed = match kind {
            IdentityKind::Key(made_by) => Some(Keyed::new(made_by, keys)),
            IdentityKind::Index | IdentityKind::Cursor | IdentityKind::Consumed => None,
        };
        let cursors = Cursors::stored(stored.and_then(LoopProgress::cursor).cloned());
        let resume_point = stored.map_or(ResumePoint::Fresh, ResumePoint::of);
        let suspicion = Suspicion::stored(stored);
        // By key, it walks its input anew.
        let stored = stored.filter(|_| keyed.is_none());
        let position = stored.map_or(0, |stored| stored.completed().prefix());
        let marks = Marks::new(kind, position, within.is_empty());
        let begun = stored.is_none().then_some(within);
        let total = total.filter(|_| stored.and_then(LoopProgress::total) != total);
        OpenLoop {
            loop_id,
            resume_point,
            known: Known { kind, keyed, cursors },
            count: Count { position, in_flight: false, unsaved: 0, passed_over: 0 },
            marks,
            suspicion,
            outline: Outline::new(begun, total, stored.and_then(LoopProgress::end)),
            bodies: Bodies::default(),
        }
    }

    pub(super) fn loop_id(&self) -> u16 {
        self.loop_id
    }

    pub(super) fn resume_point(&self) -> ResumePoint {
        self.resume_point
    }

    /// Returns whether the loop has come to the end of its input in an earlier run.
    pub(super) fn was_exhausted(&self) -> bool {
        self.outline.was_exhausted()
    }

    /// Returns the index of the next item to complete.
    #[inline]
    pub(super) fn position(&self) -> u64 {
        self.count.position
    }

    /// Returns whether an item has been handed out whose body has not ended.
    #[inline]
    pub(super) fn is_in_flight(&self) -> bool {
        self.count.in_flight
    }

    /// Returns what the item at `position` is known by: its index, its key's hash, or its index and a
    /// checksum of its cursor, as before the last item's cursor others may have been put in.
    pub(super) fn item(&self) -> u64 {
        let Known { kind, keyed, cursors } = &self.known;
        if let Some(keyed) = keyed {
            return keyed.in_flight();
        }
        let position = self.count.position;
        match cursors.current().filter(|_| *kind == IdentityKind::Cursor) {
            Some(cursor) => position << 32 | u64::from(serialized(cursor).unwrap_or_default()),
            None => position,
        }
    }

    /// Returns whether that item, of which a loop inside did a part, was to come where by now another one
    /// has, with another cursor.
    pub(super) fn has_ousted(&self, item: u64) -> bool {
        self.known.kind == IdentityKind::Cursor
            && item != self.item()
            && item >> 32 == self.item() >> 32
    }

    /// Returns whether that item, which is not the one in flight, was left before it was complete, and may
    /// come later.
    pub(super) fn has_left(&self, item: u64) -> bool {
        self.known.keyed.as_ref().is_some_and(|keyed| !keyed.knows(item))
    }

    /// Returns the hash of the key of the item in flight, if it is known by key.
    pub(super) fn key(&self) -> Option<u64> {
        self.known.keyed.as_ref().map(Keyed::in_flight)
    }

    /// Returns the fingerprint of the item in flight, if it was taken.
    pub(super) fn fingerprint(&self) -> Option<u32> {
        self.marks.fingerprint(self.count.position)
    }

    /// Returns the cursor of the item that completed last.
    pub(super) fn cursor(&self) -> Option<&Carried> {
        self.known.cursors.last()
    }

    /// Returns whether an item with a cursor has completed in this run.
    pub(super) fn has_moved(&self) -> bool {
        self.known.cursors.has_moved()
    }

    /// Hands out an item with that cursor; none if it is that of the item before.
    pub(super) fn reach(&mut self, cursor: Option<Carried>) {
        self.known.cursors.hand_out(cursor);
    }

    /// Passes over items that are complete, and that the checkpoint counts as such.
    pub(super) fn pass_over(&mut self, count: u64) {
        match &mut self.bodies.flights {
            Some(flights) => flights.pass_over(count),
            None => self.count.position += count,
        }
    }

    /// Takes in the next item of a loop by key. Returns whether it is to be done; nothing if the stored
    /// keys were made otherwise.
    pub(super) fn meet(&mut self, key: KeyHash) -> Option<bool> {
        let Some(keyed) = &mut self.known.keyed else { return Some(true) };
        let is_to_do = keyed.makes_as(key.is_by_hash).then(|| keyed.meet(key.hash))?;
        if let Some(flights) = &mut self.bodies.flights {
            if is_to_do {
                flights.hand_out(Some(keyed.in_flight()));
            } else {
                flights.pass_over_known();
            }
        } else if !is_to_do {
            self.count.position += 1;
            self.count.passed_over += 1;
        }
        Some(is_to_do)
    }

    /// Records values of the item that was handed out last.
    pub(super) fn capture(&mut self, values: &[(&str, Arguments<'_>)]) {
        // The texts of the item before give their space.
        let kept = &mut self.bodies.captured;
        kept.resize_with(values.len(), Captured::default);
        for (captured, (name, value)) in kept.iter_mut().zip(values) {
            captured.name.clear();
            captured.name.push_str(name);
            captured.value.clear();
            write_bounded(&mut captured.value, capture::LIMIT, *value);
        }
    }

    pub(super) fn captured(&self) -> &[Captured] {
        &self.bodies.captured
    }

    #[inline]
    pub(super) fn complete(&mut self) {
        self.count.in_flight = false;
        match &mut self.bodies.flights {
            Some(flights) => {
                flights.complete(self.count.position);
            }
            None => self.count.unsaved += 1,
        }
        self.count.position += 1;
        if let Some(keyed) = &mut self.known.keyed {
            keyed.complete();
        }
        self.known.cursors.complete();
    }

    /// Takes in what the loop has counted by itself, and whether an item is in flight.
    pub(super) fn settle(&mut self, completed: u64, in_flight: bool) {
        self.count.position += completed;
        self.count.unsaved += completed;
        self.count.in_flight = in_flight;
    }

    pub(super) fn exhausted(&mut self) {
        if self.runs_side_by_side() {
            self.outline.will_end();
        } else {
            self.outline.exhausted();
        }
    }

    /// Takes in that the input has only so many items. Returns what the checkpoint is to be told.
    pub(super) fn shrink(&mut self, total: u64) -> LoopChange {
        if let Some(flights) = &mut self.bodies.flights {
            flights.shrink(total);
        }
        self.count.position = self.count.position.min(total);
        let end = self.outline.shrink();
        LoopChange { loop_id: self.loop_id, total: Some(total), end, ..LoopChange::default() }
    }

    /// Leaves the loop. Returns whether by `break`.
    pub(super) fn leave(&mut self) -> bool {
        self.count.in_flight = false;
        self.suspicion.clear();
        if let Some(flights) = &mut self.bodies.flights {
            flights.land();
        }
        self.outline.leave()
    }
}

/// Items side by side.
impl OpenLoop {
    /// Has items run side by side from now on, of a loop of which that is complete.
    pub(super) fn run_side_by_side(&mut self, complete: Completed) {
        let next = match self.known.kind {
            // The input gives none that was handed out once more.
            IdentityKind::Consumed => complete.end(),
            _ => self.count.position,
        };
        self.bodies.flights = Some(Box::new(Flights::new(complete, next)));
    }

    pub(super) fn runs_side_by_side(&self) -> bool {
        self.bodies.flights.is_some()
    }

    /// Hands out the next item beside those in flight, of a loop that knows it by index. Returns whether its
    /// fingerprint is wanted, whenever the next save is.
    pub(super) fn hand_out_beside(&mut self) -> bool {
        let Some(flights) = &mut self.bodies.flights else { return false };
        flights.hand_out(None);
        self.marks.wants(flights.last_handed_out())
    }

    /// Returns the index of the item that was handed out last.
    pub(super) fn last_handed_out(&self) -> u64 {
        self.bodies.flights.as_ref().map_or(self.count.position, |it| it.last_handed_out())
    }

    /// Attends to an item in flight: from now on it is *the* item in flight.
    pub(super) fn attend(&mut self, index: u64) {
        let flights = self.bodies.flights.as_ref();
        let Some(flight) = flights.and_then(|flights| flights.get(index)).cloned() else { return };
        self.count.position = index;
        self.count.in_flight = true;
        if let (Some(keyed), Some(key)) = (&mut self.known.keyed, flight.key) {
            keyed.attend(key);
        }
        self.marks.attend(flight.mark);
        self.bodies.captured = flight.captured;
    }

    /// Keeps what was recorded of an item in flight.
    pub(super) fn set_captured(&mut self, index: u64, captured: Vec<Captured>) {
        let flight = self.bodies.flights.as_mut().and_then(|flights| flights.get_mut(index));
        if let Some(flight) = flight {
            flight.captured = captured;
        }
    }

    /// Returns how many items are complete, those included that were passed over.
    pub(super) fn reached(&self) -> u64 {
        self.bodies.flights.as_ref().map_or(self.count.position, |flights| flights.reached())
    }
}

/// Fingerprints.
impl OpenLoop {
    /// Takes the fingerprint of the item handed out, if it can have one.
    #[inline]
    pub(super) fn mark(&mut self, fingerprint: Option<u32>) {
        if let Some(flights) = &mut self.bodies.flights {
            flights.mark(fingerprint);
            return self.marks.take(flights.last_handed_out(), fingerprint);
        }
        self.marks.take(self.count.position, fingerprint);
    }

    /// Returns whether the fingerprint of the item at `position` is wanted, whenever the next save is.
    pub(super) fn wants_mark(&self) -> bool {
        self.marks.wants(self.count.position)
    }

    /// Returns whether this run has not taken the fingerprint of any item yet.
    pub(super) fn lacks_mark(&self) -> bool {
        self.marks.lacks_any()
    }

    /// Returns how many items complete until the next sample has.
    pub(super) fn items_until_sample(&self) -> u64 {
        self.marks.items_until_sample(self.count.position)
    }
}

/// Attempts and suspects.
impl OpenLoop {
    /// Counts an attempt at the item in flight that was in vain. Returns which one it was, of all runs.
    pub(super) fn count_attempt(&mut self) -> u32 {
        let item = self.item();
        let flights = self.bodies.flights.as_mut();
        let Some(flight) = flights.and_then(|flights| flights.get_mut(self.count.position)) else {
            return self.suspicion.count_attempt(item, 0);
        };
        flight.attempts = self.suspicion.count_attempt(item, flight.attempts);
        flight.attempts
    }

    /// Returns how many runs died in the item in flight, and what the last of them died of.
    pub(super) fn crashes(&self) -> (u32, Option<CrashCause>) {
        self.suspicion.crashes(self.item())
    }

    /// Suspects the item in flight, unless one that the process died in is still to come.
    pub(super) fn suspect(&mut self) {
        if !self.awaits_suspect() {
            self.suspicion.suspect(self.item(), None);
        }
    }

    /// With carried variables, items before the one that the process died in may be done again.
    fn awaits_suspect(&self) -> bool {
        let Some(suspect) = self.suspicion.awaited() else { return false };
        match (&self.known.keyed, self.known.kind) {
            (Some(keyed), _) => suspect != self.item() && !keyed.knows(suspect),
            (None, IdentityKind::Cursor) => suspect >> 32 > self.count.position,
            (None, _) => suspect > self.count.position,
        }
    }

    /// Suspects the item in flight of what will have ended the process if it ends before the item does: a limit was
    /// passed in it.
    #[cfg(feature = "limits")]
    pub(super) fn suspect_of(&mut self, cause: CrashCause) {
        self.suspicion.suspect(self.item(), Some(cause));
    }

    /// Clears the suspect, which the next save tells.
    pub(super) fn clear_suspect(&mut self) {
        self.suspicion.clear();
    }

    /// Takes what the checkpoint is to be told of the suspect, and nothing else.
    pub(super) fn take_suspect(&mut self) -> Option<LoopChange> {
        let suspect = Some(self.suspicion.take_suspect()?);
        Some(LoopChange { loop_id: self.loop_id, suspect, ..LoopChange::default() })
    }
}
