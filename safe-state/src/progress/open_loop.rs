//! Where a run stands in one loop.

mod before;
mod sampling;
mod stored;

use safe_state_backends::format::{Advance, LoopChange};
use safe_state_backends::{
    Attempts, Captured, Carried, CrashCause, LoopEnd, LoopProgress, Mark, Suspect,
};

use crate::items::fingerprint::serialized;
use crate::items::identity::Way;
use crate::items::key::KeyHash;
use crate::items::keyed::Keyed;
use crate::progress::unsaved::Untold;

use sampling::Sampling;

pub(crate) use before::Before;
pub(crate) use stored::Stored;

/// A loop that the run is in.
#[expect(clippy::struct_excessive_bools, reason = "none of them follows from others")]
#[derive(Debug)]
pub(crate) struct OpenLoop {
    loop_id: u16,
    way: Way,
    stored: Stored,
    /// Set until the checkpoint has been told that the loop has begun.
    begun: Option<Vec<u64>>,
    /// The index of the next item to complete.
    pub(crate) position: u64,
    /// Whether the item at `position` has been handed out, and its body not ended.
    pub(crate) in_flight: bool,
    /// Items completed since the last save.
    unsaved: u64,
    /// The item whose fingerprint was taken last.
    mark: Option<Mark>,
    has_marked: bool,
    sampling: Sampling,
    /// Items passed over since the last save, of a loop that finds out item by item.
    passed_over: u64,
    /// Of a loop that knows its items by key.
    keyed: Option<Keyed>,
    /// Of a loop that knows its items by cursor: that of the item in flight, unless it is the same as
    /// that of the last which completed; that one; and whether the checkpoint has not been told of it.
    next_cursor: Option<Carried>,
    cursor: Option<Carried>,
    cursor_is_new: bool,
    /// Whether it is of an item that completed in this run.
    has_moved: bool,
    /// What was recorded of the item in flight.
    pub(crate) captured: Vec<Captured>,
    /// How often the item that failed last was tried.
    attempts: Untold<Attempts>,
    /// The item that may be killing the process.
    suspect: Untold<Suspect>,
    /// Set until the checkpoint has been told.
    total: Option<u64>,
    /// What the checkpoint says of its end, and what is to be said.
    stored_end: Option<LoopEnd>,
    end: Option<LoopEnd>,
}

impl OpenLoop {
    /// Begins a loop inside the items at `within` of the loops around it, or goes on where `stored`
    /// says that it was in the same items.
    pub(crate) fn enter(
        loop_id: u16,
        within: Vec<u64>,
        stored: Option<&LoopProgress>,
        total: Option<u64>,
        way: Way,
    ) -> Self {
        let keys = stored.and_then(LoopProgress::keys);
        let keyed = match way {
            Way::Key(made_by) => Some(Keyed::new(made_by, keys)),
            Way::Index | Way::Cursor | Way::Consumed => None,
        };
        let cursor = stored.and_then(LoopProgress::cursor).cloned();
        let before = stored.map_or(Stored::No, Stored::of);
        let suspect = Untold::stored(stored.and_then(LoopProgress::suspect));
        let attempts = Untold::stored(stored.and_then(LoopProgress::attempts));
        // By key, it walks its input anew.
        let stored = stored.filter(|_| keyed.is_none());
        let position = stored.map_or(0, |stored| stored.completed().prefix());
        let sampling = Sampling::new(way, position, within.is_empty());
        OpenLoop {
            loop_id,
            way,
            stored: before,
            begun: stored.is_none().then_some(within),
            position,
            in_flight: false,
            unsaved: 0,
            mark: None,
            has_marked: false,
            sampling,
            passed_over: 0,
            keyed,
            next_cursor: None,
            cursor,
            cursor_is_new: false,
            has_moved: false,
            captured: Vec::new(),
            attempts,
            suspect,
            total: total.filter(|_| stored.and_then(LoopProgress::total) != total),
            stored_end: stored.and_then(LoopProgress::end),
            end: None,
        }
    }

    /// What the item at `position` is known by: its index, its key's hash, or its index and a
    /// checksum of its cursor, as before the last item's cursor others may have been put in.
    pub(crate) fn item(&self) -> u64 {
        if let Some(keyed) = &self.keyed {
            return keyed.in_flight();
        }
        let cursor = self.next_cursor.as_ref().or(self.cursor.as_ref());
        match cursor.filter(|_| self.way == Way::Cursor) {
            Some(cursor) => self.position << 32 | u64::from(serialized(cursor).unwrap_or_default()),
            None => self.position,
        }
    }

    /// Whether that item, of which a loop inside did a part, was to come where by now another one
    /// has, with another cursor.
    pub(crate) fn has_ousted(&self, item: u64) -> bool {
        self.way == Way::Cursor && item != self.item() && item >> 32 == self.item() >> 32
    }

    /// The hash of its key.
    pub(crate) fn key(&self) -> Option<u64> {
        self.keyed.as_ref().map(Keyed::in_flight)
    }

    /// Counts an attempt at it that was in vain. Says which one it was, of all runs.
    pub(crate) fn count_attempt(&mut self) -> u32 {
        let item = self.item();
        let before = self.attempts.get().filter(|attempts| attempts.item == item);
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        self.attempts.set(Attempts { item, count });
        count
    }

    /// How many runs died in it, as far as that is known.
    pub(crate) fn crashes(&self) -> u32 {
        let known = self.suspect.get().filter(|suspect| suspect.item == self.item());
        known.map_or(0, |suspect| suspect.crashes)
    }

    /// It may be the one that kills the process.
    pub(crate) fn suspect(&mut self) {
        if self.awaits_suspect() {
            return;
        }
        let (item, crashes) = (self.item(), self.crashes());
        self.suspect.set(Suspect { item, crashes, in_flight: true, cause: None });
    }

    /// Whether one that the process died in is still to come. With carried variables, items before it
    /// may be done again.
    fn awaits_suspect(&self) -> bool {
        let Some(suspect) = self.suspect.get().filter(|it| it.crashes > 0 && !it.in_flight) else {
            return false;
        };
        match (&self.keyed, self.way) {
            (Some(keyed), _) => suspect.item != self.item() && !keyed.knows(suspect.item),
            (None, Way::Cursor) => suspect.item >> 32 > self.position,
            (None, _) => suspect.item > self.position,
        }
    }

    /// A limit was passed in it: if the process ends before it does, that is what it died of.
    #[cfg(feature = "limits")]
    pub(crate) fn suspect_of(&mut self, cause: CrashCause) {
        let (item, crashes) = (self.item(), self.crashes());
        self.suspect.set(Suspect { item, crashes, in_flight: true, cause: Some(cause) });
    }

    /// What the checkpoint is to be told of the suspect, and nothing else.
    pub(crate) fn take_suspect(&mut self) -> Option<LoopChange> {
        let suspect = self.suspect.take_new()?;
        Some(LoopChange { loop_id: self.loop_id, suspect: Some(suspect), ..LoopChange::default() })
    }

    /// What the last run that died in it died of.
    pub(crate) fn crash_cause(&self) -> Option<CrashCause> {
        let known = self.suspect.get().filter(|suspect| suspect.item == self.item());
        known.and_then(|suspect| suspect.cause)
    }

    /// It has not killed the process, however the run goes on. Gives what the checkpoint is to be told.
    pub(crate) fn acquit(&mut self) -> Option<LoopChange> {
        self.suspect_none();
        self.take_suspect()
    }

    /// No item is suspected any more, which the next save tells.
    pub(crate) fn suspect_none(&mut self) {
        if let Some(suspect) = self.suspect.get().filter(|suspect| suspect.in_flight) {
            self.suspect.set(Suspect { in_flight: false, ..suspect });
        }
    }

    /// Whether that item, which is not the one in flight, was left before it was complete, and may
    /// come later.
    pub(crate) fn has_left(&self, item: u64) -> bool {
        self.keyed.as_ref().is_some_and(|keyed| !keyed.knows(item))
    }

    /// Passes over items that are complete, and that the checkpoint counts as such.
    pub(crate) fn pass_over(&mut self, count: u64) {
        self.position += count;
    }

    /// Takes in the next item of a loop by key. Says whether it is to be done; nothing if the stored
    /// keys were made otherwise.
    pub(crate) fn meet(&mut self, key: KeyHash) -> Option<bool> {
        let Some(keyed) = &mut self.keyed else { return Some(true) };
        let is_to_do = keyed.makes_as(key.is_by_hash).then(|| keyed.meet(key.hash))?;
        if !is_to_do {
            self.position += 1;
            self.passed_over += 1;
        }
        Some(is_to_do)
    }

    /// Whether it has come to the end of its input in an earlier run.
    pub(crate) fn was_exhausted(&self) -> bool {
        self.stored_end == Some(LoopEnd::Exhausted)
    }

    pub(crate) fn stored(&self) -> Stored {
        self.stored
    }

    pub(crate) fn loop_id(&self) -> u16 {
        self.loop_id
    }

    /// The cursor of the item that completed last.
    pub(crate) fn cursor(&self) -> Option<&Carried> {
        self.cursor.as_ref()
    }

    /// Whether the cursor is of an item that completed in this run.
    pub(crate) fn has_moved(&self) -> bool {
        self.has_moved
    }

    pub(crate) fn reach(&mut self, cursor: Option<Carried>) {
        self.next_cursor = cursor;
    }

    #[inline]
    pub(crate) fn complete(&mut self) {
        self.in_flight = false;
        self.position += 1;
        self.unsaved += 1;
        if let Some(keyed) = &mut self.keyed {
            keyed.complete();
        }
        if self.next_cursor.is_some() {
            self.cursor = self.next_cursor.take();
            self.cursor_is_new = true;
            self.has_moved = true;
        }
    }

    pub(crate) fn settle(&mut self, completed: u64, in_flight: bool) {
        self.position += completed;
        self.unsaved += completed;
        self.in_flight = in_flight;
    }

    /// The item handed out has that fingerprint, if it can have one.
    #[inline]
    pub(crate) fn set_mark(&mut self, fingerprint: Option<u32>) {
        let mark = fingerprint.map(|fingerprint| Mark { index: self.position, fingerprint });
        self.mark = mark.or(self.mark);
        self.has_marked = true;
        self.sampling.take(self.position, mark);
    }

    /// Whether the item at `position` is a sample.
    pub(crate) fn is_sample(&self) -> bool {
        self.sampling.wants(self.position)
    }

    /// How many items complete until the next sample has.
    pub(crate) fn items_until_sample(&self) -> u64 {
        self.sampling.items_until_next(self.position)
    }

    pub(crate) fn exhausted(&mut self) {
        self.end = Some(LoopEnd::Exhausted);
    }

    /// The loop has been left, by `break` if it was not exhausted. Says whether by `break`.
    pub(crate) fn left(&mut self) -> bool {
        self.in_flight = false;
        self.suspect_none();
        *self.end.get_or_insert(LoopEnd::Left) == LoopEnd::Left
    }

    /// The items that completed since the last save, if there is nothing else to tell.
    pub(crate) fn advance(&mut self) -> Option<Advance> {
        let has_more = self.begun.is_some() || self.total.is_some() || self.end.is_some();
        let has_more = has_more
            || self.keyed.is_some()
            || self.cursor_is_new
            || self.sampling.has_any_before(self.position);
        let has_more = has_more || self.attempts.is_new() || self.suspect.is_new();
        if has_more || self.unsaved == 0 {
            return None;
        }
        let fingerprint = self.last_fingerprint();
        let count = std::mem::take(&mut self.unsaved);
        Some(Advance { micros: 0, loop_id: self.loop_id, count, fingerprint })
    }

    /// Whether this run has not taken the fingerprint of any item yet.
    pub(crate) fn lacks_mark(&self) -> bool {
        !self.has_marked
    }

    /// The fingerprint of the item in flight, if it was taken.
    pub(crate) fn fingerprint(&self) -> Option<u32> {
        let in_flight = self.mark.filter(|mark| mark.index == self.position);
        in_flight.map(|mark| mark.fingerprint)
    }

    /// The fingerprint of the item completed last, if it was taken.
    fn last_fingerprint(&self) -> Option<u32> {
        let last = self.mark.filter(|mark| mark.index + 1 == self.position);
        last.map(|mark| mark.fingerprint)
    }

    fn completed_mark(&mut self) -> Option<Mark> {
        let position = self.position;
        self.mark.take_if(|mark| mark.index < position)
    }

    /// What the checkpoint has not been told yet, and how many items completed with it; none if there
    /// is nothing.
    pub(crate) fn change(&mut self) -> Option<(LoopChange, u64)> {
        let completed = std::mem::take(&mut self.unsaved);
        let count = completed + std::mem::take(&mut self.passed_over);
        let end = self.end.filter(|_| self.end != self.stored_end);
        self.stored_end = end.or(self.stored_end);
        // Not by itself: the input may be refused, and then its length says nothing of the job's.
        let comes_further = self.begun.is_some() || count > 0 || end.is_some();
        let change = LoopChange {
            loop_id: self.loop_id,
            begun: self.begun.take(),
            count,
            mark: if count > 0 { self.completed_mark() } else { None },
            total: if comes_further { self.total.take() } else { None },
            end,
            keys: self.keyed.as_mut().and_then(Keyed::take_unsaved).map(Box::new),
            cursor: self.unsaved_cursor(),
            attempts: self.attempts.take_new(),
            suspect: self.suspect.take_new(),
            samples: self.sampling.take_before(self.position),
        };
        let nothing = LoopChange { loop_id: self.loop_id, ..LoopChange::default() };
        (change != nothing).then_some((change, completed))
    }

    fn unsaved_cursor(&mut self) -> Option<Box<Carried>> {
        let cursor = self.cursor.as_ref().filter(|_| self.cursor_is_new);
        let cursor = cursor.cloned().map(Box::new);
        self.cursor_is_new = false;
        cursor
    }
}
