//! The progress of one loop of a job.

use serde::{Deserialize, Serialize};

use super::{Mark, Samples, Suspect, separate};
use crate::limits::NESTING_LIMIT;
use crate::{Carried, Completed, Keys, bounded};

/// The progress of one loop of a job: its completed items, and what is needed to go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoopProgress {
    #[serde(deserialize_with = "bounded::list::<NESTING_LIMIT, _, _>")]
    pub(crate) within: Vec<u64>,
    pub(crate) completed: Completed,
    /// The completed item whose fingerprint was taken last, or the first of the items that were put back.
    pub(crate) mark: Option<Mark>,
    pub(crate) total: Option<u64>,
    pub(crate) end: Option<LoopEnd>,
    /// The index at which a `break` left the loop for good, if nothing else that is stored shows it.
    pub(crate) closed_at: Option<u64>,
    /// The keys of the completed items, for a loop that knows its items by key; `completed` then counts the items of its latest
    /// walk.
    pub(crate) keys: Option<Box<Keys>>,
    /// The cursor behind which the input goes on, for a loop that knows its items by cursor.
    pub(crate) cursor: Option<Box<Carried>>,
    /// The attempts at the item that failed last.
    pub(crate) attempts: Option<Box<Attempts>>,
    /// The item that a run was about to begin, after a run that died.
    pub(crate) suspect: Option<Box<Suspect>>,
    /// Samples of the completed items, for a loop that knows its items by index; they have records of their own.
    #[serde(with = "separate", default, skip_serializing_if = "Samples::is_empty")]
    pub(crate) samples: Samples,
}

/// The number of failed attempts at an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// The item's index, or the hash of its key.
    pub item: u64,
    /// The number of failed attempts.
    pub count: u32,
}

/// The way in which a loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoopEnd {
    /// The iterator gave no more items.
    Exhausted,
    /// A `break` left the loop.
    Left,
}

impl LoopProgress {
    /// Returns the indices of the outer loops' items in which this loop runs, outermost first; empty if no resumable loop is
    /// around it.
    pub fn within(&self) -> &[u64] {
        &self.within
    }

    /// Returns the loop's completed items. For a loop that knows its items by key, these are the items that it has reached in
    /// its latest walk over its input.
    pub fn completed(&self) -> &Completed {
        &self.completed
    }

    /// Marks the items with the indices in `range` complete.
    pub(crate) fn complete_range(&mut self, range: std::ops::Range<u64>) {
        self.completed.insert_range(range);
    }

    /// Counts `count` more items as complete, in a loop that does not know its items by index.
    pub(crate) fn complete_more(&mut self, count: u64) {
        let prefix = self.completed.prefix();
        self.completed.insert_range(prefix..prefix.saturating_add(count));
    }

    /// Counts `count` fewer items as complete, in a loop that does not know its items by index.
    pub(crate) fn complete_fewer(&mut self, count: u64) {
        let prefix = self.completed.prefix();
        self.forget_range(prefix.saturating_sub(count)..prefix);
    }

    /// Marks the items with the indices in `range` as not complete.
    pub(crate) fn forget_range(&mut self, range: std::ops::Range<u64>) {
        let mut left = Completed::default();
        for complete in self.completed.ranges() {
            left.insert_range(complete.start..complete.end.min(range.start).max(complete.start));
            left.insert_range(complete.start.max(range.end).min(complete.end)..complete.end);
        }
        self.completed = left;
    }

    /// Returns the keys of the completed items, if the loop knows its items by key.
    pub fn keys(&self) -> Option<&Keys> {
        self.keys.as_deref()
    }

    /// Returns the cursor of the last completed item, if the loop knows its items by cursor.
    pub fn cursor(&self) -> Option<&Carried> {
        self.cursor.as_deref()
    }

    /// Returns the number of all items, if the input told its length.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Returns an item by whose fingerprint a run recognises the input: a completed one, or the first of those that were put
    /// back.
    pub fn mark(&self) -> Option<Mark> {
        self.mark
    }

    /// Returns samples of the completed items, spread over all of them, by whose fingerprints a run recognises the input.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Returns how often the item that failed last has failed.
    pub fn attempts(&self) -> Option<Attempts> {
        self.attempts.as_deref().copied()
    }

    /// Returns the item that was last saved as about to begin. A run saves this only after a run that died.
    pub fn suspect(&self) -> Option<Suspect> {
        self.suspect.as_deref().copied()
    }

    /// Returns the index of the item in which a `break` left the loop, if the loop is to give no new item however the job goes
    /// on. It is set when dead letters are put back after the `break`.
    pub fn closed_at(&self) -> Option<u64> {
        self.closed_at
    }

    /// Returns how the loop ended; `None` while it has not.
    pub fn end(&self) -> Option<LoopEnd> {
        self.end
    }

    /// Completes the next `count` items, the last of which has the fingerprint `fingerprint`.
    pub(super) fn advance(&mut self, count: u64, fingerprint: Option<u32>) {
        let last = self.completed.complete_next(count);
        let mark = last.zip(fingerprint).map(|(index, fingerprint)| Mark { index, fingerprint });
        self.mark = mark.or(self.mark);
    }
}
