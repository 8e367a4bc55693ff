//! The state of a loop that a run is in.

pub(super) mod before;
mod changes;
mod count;
mod cursors;
mod flights;
mod marks;
mod outline;
mod resume_point;
mod sampling;
mod suspicion;
mod tracking;
mod unpaged;

use std::fmt::Arguments;

use safe_state_backends::format::LoopChange;
use safe_state_backends::{Captured, Carried, Completed, CrashCause, LoopProgress};

use crate::items::identity::IdentityKind;
use crate::items::key::KeyHash;
use crate::items::keyed::Keyed;

use count::Count;
use flights::Bodies;
use marks::Marks;
use outline::Outline;
use suspicion::Suspicion;
use tracking::ItemTracking;

pub(super) use flights::Flights;
pub(crate) use resume_point::ResumePoint;
pub(crate) use unpaged::{BesideItems, Unpaged, UnpagedItems};

/// One of this many items side by side has its fingerprint taken, as it is unknown which is the last before a save.
const MARKED_BESIDE: u64 = 64;

/// A loop that the run is in.
#[derive(Debug)]
pub(crate) struct OpenLoop {
    loop_id: u16,
    resume_point: ResumePoint,
    known: ItemTracking,
    count: Count,
    marks: Marks,
    suspicion: Suspicion,
    outline: Outline,
    bodies: Bodies,
}

impl OpenLoop {
    /// Begins a loop inside the items `within` of the loops around it, or goes on from `stored`, its progress in the
    /// same items.
    pub(super) fn enter(
        loop_id: u16,
        within: Vec<u64>,
        stored: Option<&LoopProgress>,
        total: Option<u64>,
        kind: IdentityKind,
    ) -> Self {
        let known = ItemTracking::new(kind, stored);
        let resume_point = stored.map_or(ResumePoint::Fresh, ResumePoint::of);
        let suspicion = Suspicion::stored(stored);
        // A loop by key walks its input anew.
        let stored = stored.filter(|_| known.keyed.is_none());
        let position = stored.map_or(0, |stored| stored.completed().prefix());
        let marks = Marks::new(kind, position, within.is_empty());
        let begun = stored.is_none().then_some(within);
        let total = total.filter(|_| stored.and_then(LoopProgress::total) != total);
        OpenLoop {
            loop_id,
            resume_point,
            known,
            count: Count::at(position),
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

    /// Returns whether the loop came to the end of its input in an earlier run.
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

    /// Returns what identifies the item at `position`.
    pub(super) fn item(&self) -> u64 {
        self.known.item(self.count.position)
    }

    /// Returns whether `item`, of which a loop inside did a part, has lost its place to another item, with another
    /// cursor.
    pub(super) fn has_ousted(&self, item: u64) -> bool {
        self.known.has_ousted(item, self.count.position)
    }

    /// Returns whether `item`, which is not the one in flight, was left before it was complete, and may come later.
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

    /// Hands out an item with the cursor `cursor`; `None` if the cursor equals that of the item before.
    pub(super) fn reach(&mut self, cursor: Option<Carried>) {
        self.known.cursors.hand_out(cursor);
    }

    /// Passes over the next `count` items, which the checkpoint counts as complete.
    pub(super) fn pass_over(&mut self, count: u64) {
        match &mut self.bodies.flights {
            Some(flights) => flights.pass_over(count),
            None => self.count.position += count,
        }
    }

    /// Notes the next item of a loop by key. Returns whether the item is to be done; `None` if the stored keys were
    /// made in another way.
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
        self.bodies.capture(values);
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

    /// Adds the items that the loop has counted by itself, and notes whether an item is in flight.
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

    /// Leaves the loop. Returns whether a `break` did.
    pub(super) fn leave(&mut self) -> bool {
        self.count.in_flight = false;
        self.suspicion.clear();
        if let Some(flights) = &mut self.bodies.flights {
            // An item that leaves the loop by `break` is still in flight.
            if flights.land() {
                self.outline.will_not_end();
            }
        }
        self.outline.leave()
    }
}

/// Items side by side.
impl OpenLoop {
    /// Lets the items run side by side from now on. `complete` has the loop's complete items.
    pub(super) fn run_side_by_side(&mut self, complete: Completed) {
        let next = match self.known.kind {
            // A consumed input gives no item again that it has given before.
            IdentityKind::Consumed => complete.end(),
            _ => self.count.position,
        };
        self.bodies.flights = Some(Box::new(Flights::new(complete, next)));
    }

    pub(super) fn is_by_index(&self) -> bool {
        self.known.kind == IdentityKind::Index
    }

    /// Returns whether the input never gives an item again that it has given.
    pub(super) fn gives_once(&self) -> bool {
        self.known.kind == IdentityKind::Consumed
    }

    pub(super) fn runs_side_by_side(&self) -> bool {
        self.bodies.flights.is_some()
    }

    /// Hands out the next item beside those in flight, in a loop that knows items by index. Returns whether its
    /// fingerprint is wanted, even if no save is due next.
    pub(super) fn hand_out_beside(&mut self) -> bool {
        let Some(flights) = &mut self.bodies.flights else { return false };
        flights.hand_out(None);
        let index = flights.last_handed_out();
        index.is_multiple_of(MARKED_BESIDE) || self.marks.wants(index)
    }

    /// Returns the items in flight, if they run side by side.
    pub(super) fn flights(&mut self) -> Option<&mut Flights> {
        self.bodies.flights.as_deref_mut()
    }

    /// Completes the item `index`, which nobody has attended to. Returns `false` if the loop needs that: it knows its
    /// items by key.
    #[inline]
    pub(super) fn complete_beside(&mut self, index: u64) -> bool {
        match &mut self.bodies.flights {
            Some(flights) if self.known.keyed.is_none() => {
                flights.complete(index);
                true
            }
            _ => false,
        }
    }

    /// Returns the index of the item that is handed out next.
    pub(super) fn next_beside(&self) -> u64 {
        self.bodies.flights.as_ref().map_or(self.count.position, |it| it.next())
    }

    /// Returns the index of the item that was handed out last.
    pub(super) fn last_handed_out(&self) -> u64 {
        self.bodies.flights.as_ref().map_or(self.count.position, |it| it.last_handed_out())
    }

    /// Attends to the item `index`, which is in flight: from now on it counts as *the* item in flight.
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

    /// Returns how many items are complete, including those that were passed over.
    pub(super) fn reached(&self) -> u64 {
        self.bodies.flights.as_ref().map_or(self.count.position, |flights| flights.reached())
    }
}

/// Fingerprints.
impl OpenLoop {
    /// Takes the fingerprint of the item that was handed out, if the item can have one.
    #[inline]
    pub(super) fn mark(&mut self, fingerprint: Option<u32>) {
        if let Some(flights) = &mut self.bodies.flights {
            flights.mark(fingerprint);
            return self.marks.take(flights.last_handed_out(), fingerprint);
        }
        self.marks.take(self.count.position, fingerprint);
    }

    /// Returns whether the fingerprint of the item at `position` is wanted, even if no save is due next.
    pub(super) fn wants_mark(&self) -> bool {
        self.marks.wants(self.count.position)
    }

    /// Returns whether this run has not taken any fingerprint yet.
    pub(super) fn lacks_mark(&self) -> bool {
        self.marks.lacks_any()
    }

    /// Returns how many items complete until the next sample is complete.
    pub(super) fn items_until_sample(&self) -> u64 {
        self.marks.items_until_sample(self.count.position)
    }
}

/// Attempts at items, and suspects.
impl OpenLoop {
    /// Counts a failed attempt at the item in flight. Returns its number among the attempts of all runs.
    pub(super) fn count_attempt(&mut self) -> u32 {
        let item = self.item();
        let flights = self.bodies.flights.as_mut();
        let Some(flight) = flights.and_then(|flights| flights.get_mut(self.count.position)) else {
            return self.suspicion.count_attempt(item, 0);
        };
        flight.attempts = self.suspicion.count_attempt(item, flight.attempts);
        flight.attempts
    }

    /// Returns how many runs died in the item in flight, and the cause of the last of these deaths.
    pub(super) fn crashes(&self) -> (u32, Option<CrashCause>) {
        self.suspicion.crashes(self.item())
    }

    /// Marks the item in flight as the suspect, unless the item that the process died in is still to come.
    pub(super) fn suspect(&mut self) {
        if !self.awaits_suspect() {
            self.suspicion.suspect(self.item(), None);
        }
    }

    /// Returns whether the item that the process died in is still to come: with carried variables, items before it may
    /// be done again.
    fn awaits_suspect(&self) -> bool {
        let suspect = self.suspicion.awaited();
        suspect.is_some_and(|suspect| self.known.awaits(suspect, self.count.position))
    }

    /// Marks the item in flight as the suspect with the cause `cause`, because it passed a limit and the process may
    /// end before the item does.
    #[cfg(feature = "limits")]
    pub(super) fn suspect_of(&mut self, cause: CrashCause) {
        self.suspicion.suspect(self.item(), Some(cause));
    }

    /// Clears the suspect; the next save stores that.
    pub(super) fn clear_suspect(&mut self) {
        self.suspicion.clear();
    }

    /// Takes only the change of the suspect, for a save.
    pub(super) fn take_suspect(&mut self) -> Option<LoopChange> {
        let suspect = Some(self.suspicion.take_suspect()?);
        Some(LoopChange { loop_id: self.loop_id, suspect, ..LoopChange::default() })
    }
}
