//! How far a job's loop has come.

use serde::{Deserialize, Serialize};

use super::{Samples, Suspect};
use crate::format::LoopChange;
use crate::limits::NESTING_LIMIT;
use crate::{Carried, Completed, Keys, apart, bounded};

/// How far one loop of a job has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoopProgress {
    #[serde(deserialize_with = "bounded::list::<NESTING_LIMIT, _, _>")]
    pub(crate) within: Vec<u64>,
    pub(crate) completed: Completed,
    /// A completed item, the last that was told; or the first of those that were put back.
    pub(crate) mark: Option<Mark>,
    pub(crate) total: Option<u64>,
    pub(crate) end: Option<LoopEnd>,
    /// Where a `break` has left it for good, if that does not show in what else is stored.
    pub(crate) closed_at: Option<u64>,
    /// The completed items of a loop that knows them by key; their indices are then those of its
    /// latest walk.
    pub(crate) keys: Option<Box<Keys>>,
    /// Where the input of a loop that knows its items by cursor goes on.
    pub(crate) cursor: Option<Box<Carried>>,
    /// Of the item that failed last.
    pub(crate) attempts: Option<Box<Attempts>>,
    /// The item that a cautious run was about to begin.
    pub(crate) suspect: Option<Box<Suspect>>,
    /// Of a loop that knows its items by index; in records of their own.
    #[serde(with = "apart", default, skip_serializing_if = "Samples::is_empty")]
    pub(crate) samples: Samples,
}

/// How often an item was tried in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// The item: its index, or its key's hash.
    pub item: u64,
    /// How often.
    pub count: u32,
}

/// An item to know the input by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Its index.
    pub index: u64,
    /// A checksum of its value.
    pub fingerprint: u32,
}

/// How a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopEnd {
    /// Its iterator gave no more items.
    Exhausted,
    /// A `break` left it.
    Left,
}

impl LoopProgress {
    /// The items of the loops around it in which it runs, from the outside in; none if it is in no
    /// other resumable loop.
    pub fn within(&self) -> &[u64] {
        &self.within
    }

    /// Its completed items. Of a loop that knows its items by key they are those that it has come to
    /// in its latest walk over its input.
    pub fn completed(&self) -> &Completed {
        &self.completed
    }

    /// Marks the items of those indices complete.
    pub(crate) fn complete_range(&mut self, range: std::ops::Range<u64>) {
        self.completed.insert_range(range);
    }

    /// Counts that many more items as complete, of a loop whose items are not known by index.
    pub(crate) fn complete_more(&mut self, count: u64) {
        let prefix = self.completed.prefix();
        self.completed.insert_range(prefix..prefix.saturating_add(count));
    }

    /// Counts that many fewer.
    pub(crate) fn complete_fewer(&mut self, count: u64) {
        let prefix = self.completed.prefix();
        self.forget_range(prefix.saturating_sub(count)..prefix);
    }

    /// Marks the items of those indices as not complete.
    pub(crate) fn forget_range(&mut self, range: std::ops::Range<u64>) {
        let mut left = Completed::default();
        for complete in self.completed.ranges() {
            left.insert_range(complete.start..complete.end.min(range.start).max(complete.start));
            left.insert_range(complete.start.max(range.end).min(complete.end)..complete.end);
        }
        self.completed = left;
    }

    /// Its completed items, if it knows them by key.
    pub fn keys(&self) -> Option<&Keys> {
        self.keys.as_deref()
    }

    /// The cursor of the last completed item, if it knows its items by cursor.
    pub fn cursor(&self) -> Option<&Carried> {
        self.cursor.as_deref()
    }

    /// How many items it has in all, where its input told.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// An item by whose fingerprint the input can be known again: a completed one, or the first of those
    /// that were put back.
    pub fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// Completed items by whose fingerprints the input can be known again, spread over all of them.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// How often the item that failed last was tried, until then.
    pub fn attempts(&self) -> Option<Attempts> {
        self.attempts.as_deref().copied()
    }

    /// The item that a run was about to begin last, after a run that died.
    pub fn suspect(&self) -> Option<Suspect> {
        self.suspect.as_deref().copied()
    }

    /// The index of the item in which a `break` has left it, if it gives no new items any more however
    /// the job goes on: dead letters were put back since.
    pub fn closed_at(&self) -> Option<u64> {
        self.closed_at
    }

    /// How it ended; `None` while it has not.
    pub fn end(&self) -> Option<LoopEnd> {
        self.end
    }

    /// How many items a change completes: those of known keys, of a loop by key, it has only met.
    pub(super) fn completed_by(&self, change: &LoopChange) -> u64 {
        match &change.keys {
            Some(keys) => keys.len() as u64,
            None if self.keys.is_some() => 0,
            None => {
                let apart = change.side_by_side.as_ref().map_or(0, |it| it.completed.len());
                change.count.saturating_add(apart.saturating_sub(self.completed.len()))
            }
        }
    }

    pub(super) fn apply(&mut self, change: LoopChange) {
        if let Some(within) = change.begun {
            // In the same items it walks its input anew, of which the same keys are complete.
            let is_same = self.within == within;
            let keys = self.keys.take().filter(|_| is_same);
            let attempts = self.attempts.take().filter(|_| is_same);
            let suspect = self.suspect.take().filter(|_| is_same);
            *self = LoopProgress { within, keys, attempts, suspect, ..LoopProgress::default() };
        }
        let comes_no_further = change.count == 0 && change.side_by_side.is_none();
        self.completed.complete_next(change.count);
        if let Some(side_by_side) = change.side_by_side {
            self.completed.merge(&side_by_side.completed);
        }
        self.mark = change.mark.or(self.mark);
        self.total = change.total.or(self.total);
        self.end = change.end.or(self.end);
        self.cursor = change.cursor.or(self.cursor.take());
        self.attempts = change.attempts.or(self.attempts.take());
        self.suspect = change.suspect.or(self.suspect.take());
        self.samples.add(change.samples.marks());
        if let Some(keys) = change.keys {
            self.keys.get_or_insert_default().add(*keys);
        }
        if let Some(total) = change.total.filter(|_| comes_no_further) {
            self.shrink(total);
        }
    }

    /// The input has fewer items than are complete, which was accepted.
    fn shrink(&mut self, total: u64) {
        let is_by_index = self.keys.is_none() && self.cursor.is_none();
        let was_left = self.end == Some(LoopEnd::Left) || self.closed_at.is_some();
        if !is_by_index || was_left || self.completed.end() <= total {
            return;
        }
        self.completed.truncate(total);
        self.mark = self.mark.filter(|mark| mark.index < total);
        self.samples = self.samples.take_before(total);
    }

    /// Completes the next `count` items, of which the last has that fingerprint.
    pub(super) fn advance(&mut self, count: u64, fingerprint: Option<u32>) {
        let last = self.completed.complete_next(count);
        let mark = last.zip(fingerprint).map(|(index, fingerprint)| Mark { index, fingerprint });
        self.mark = mark.or(self.mark);
    }
}
