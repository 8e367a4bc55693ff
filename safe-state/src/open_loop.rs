//! Where a run stands in one loop.

use safe_state_backends::format::{Advance, LoopChange};
use safe_state_backends::{LoopEnd, LoopProgress, Mark};

/// A loop that the run is in.
#[derive(Debug)]
pub(crate) struct OpenLoop {
    loop_id: u16,
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
    ) -> Self {
        let stored = stored.filter(|stored| stored.within() == within);
        OpenLoop {
            loop_id,
            begun: stored.is_none().then_some(within),
            position: stored.map_or(0, |stored| stored.completed().prefix()),
            in_flight: false,
            unsaved: 0,
            mark: None,
            total: total.filter(|_| stored.and_then(LoopProgress::total) != total),
            stored_end: stored.and_then(LoopProgress::end),
            end: None,
        }
    }

    #[inline]
    pub(crate) fn complete(&mut self) {
        self.in_flight = false;
        self.position += 1;
        self.unsaved += 1;
    }

    pub(crate) fn settle(&mut self, completed: u64, in_flight: bool) {
        self.position += completed;
        self.unsaved += completed;
        self.in_flight = in_flight;
    }

    #[inline]
    pub(crate) fn set_mark(&mut self, fingerprint: u32) {
        self.mark = Some(Mark { index: self.position, fingerprint });
    }

    pub(crate) fn exhausted(&mut self) {
        self.end = Some(LoopEnd::Exhausted);
    }

    /// The loop has been left, by `break` if it was not exhausted. Says whether by `break`.
    pub(crate) fn left(&mut self) -> bool {
        self.in_flight = false;
        *self.end.get_or_insert(LoopEnd::Left) == LoopEnd::Left
    }

    /// The items that completed since the last save, if there is nothing else to tell.
    pub(crate) fn advance(&mut self) -> Option<Advance> {
        let has_more = self.begun.is_some() || self.total.is_some() || self.end.is_some();
        if has_more || self.unsaved == 0 {
            return None;
        }
        let fingerprint = self.last_fingerprint();
        let count = std::mem::take(&mut self.unsaved);
        Some(Advance { micros: 0, loop_id: self.loop_id, count, fingerprint })
    }

    /// The fingerprint of the item completed last, if it was taken.
    fn last_fingerprint(&self) -> Option<u32> {
        let last = self.mark.filter(|mark| mark.index + 1 == self.position);
        last.map(|mark| mark.fingerprint)
    }

    /// What the checkpoint has not been told yet; none if there is nothing.
    pub(crate) fn change(&mut self) -> Option<LoopChange> {
        let count = std::mem::take(&mut self.unsaved);
        let end = self.end.filter(|_| self.end != self.stored_end);
        self.stored_end = end.or(self.stored_end);
        // Not by itself: the input may be refused, and then its length says nothing of the job's.
        let comes_further = self.begun.is_some() || count > 0 || end.is_some();
        let change = LoopChange {
            loop_id: self.loop_id,
            begun: self.begun.take(),
            count,
            fingerprint: if count > 0 { self.last_fingerprint() } else { None },
            total: if comes_further { self.total.take() } else { None },
            end,
        };
        let nothing = LoopChange { loop_id: self.loop_id, ..LoopChange::default() };
        (change != nothing).then_some(change)
    }
}
