//! The timings of items and saves: how long items took, which took longest, and what saving cost.

mod item_times;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::refused::{Refused, check_number, check_within};
use crate::bounded;
use crate::limits::{NESTING_LIMIT, RUN_LIMIT, SLOW_ITEM_LIMIT, SLOWEST_LIMIT};

pub use item_times::ItemTimes;

/// The timings of a job's runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// The runs before the last one, all together.
    earlier: Measured,
    /// The last run, the one under way included.
    run: Measured,
    /// Some numbers of each run before the last one, oldest first.
    #[serde(deserialize_with = "bounded::list::<RUN_LIMIT, _, _>")]
    past: Vec<MeasuredRun>,
}

/// The timings of one run, or of several together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number of saves, without those at a run's begin and end.
    pub saves: u64,
    /// The time that runs waited for these saves, in nanoseconds.
    pub saving_nanos: u64,
    /// The time of all items together, in nanoseconds.
    pub item_nanos: u64,
    /// The times of the items, if they are measured.
    pub items: ItemTimes,
    /// The items that took longest, the slowest first; at most 10.
    #[serde(deserialize_with = "bounded::list::<SLOWEST_LIMIT, _, _>")]
    pub slowest: Vec<SlowItem>,
}

/// One of the items that took longest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlowItem {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The items of the loops around it, outermost first.
    #[serde(deserialize_with = "bounded::list::<NESTING_LIMIT, _, _>")]
    pub within: Vec<u64>,
    /// The item's index.
    pub index: u64,
    /// The hash of its key, if the loop knows its items by key.
    pub key: Option<u64>,
    /// The time that it took, in nanoseconds.
    pub nanos: u64,
    /// The values captured of the item, as text; empty if there are none, and cut at 96 bytes.
    pub captured: String,
}

/// The times of some items in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemQuantiles {
    /// The number of items.
    pub count: u64,
    /// The median time, in nanoseconds, right within 6.3 %.
    pub median: u64,
    /// The time below which nine in ten items were.
    pub p90: u64,
    /// The time below which 99 in 100 items were.
    pub p99: u64,
    /// The longest time.
    pub longest: u64,
}

/// Some numbers of a run before the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredRun {
    /// The run's number, from 1.
    pub run: u32,
    /// The number of saves, without those at the run's begin and end.
    pub saves: u64,
    /// The time that the run waited for these saves, in nanoseconds.
    pub saving_nanos: u64,
    /// The times of the items, if they were measured.
    pub items: Option<ItemQuantiles>,
}

impl Timings {
    /// Creates timings of the last run alone, to be added to stored ones.
    pub(crate) fn of_run(run: Measured) -> Self {
        Timings { run, ..Timings::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.earlier.is_empty() && self.run.is_empty() && self.past.is_empty()
    }

    /// Returns the timings of the last run, the one under way included.
    pub fn last_run(&self) -> &Measured {
        &self.run
    }

    /// Returns the timings of all runs together.
    pub fn all_runs(&self) -> Measured {
        let mut all = self.earlier.clone();
        all.add(&self.run);
        all
    }

    /// Returns some numbers of each run before the last one, oldest first, as far as they are remembered.
    pub fn past(&self) -> &[MeasuredRun] {
        &self.past
    }

    pub(super) fn add(&mut self, added: &Timings) {
        self.earlier.add(&added.earlier);
        self.add_to_run(&added.run);
        added.past.iter().for_each(|past| self.remember(*past));
    }

    pub(super) fn add_to_run(&mut self, measured: &Measured) {
        self.run.add(measured);
    }

    /// Adds the timings of a slice that has `before` items before it.
    pub(crate) fn add_slice(&mut self, slice: &Timings, before: u64) {
        self.add_to_run(&slice.all_runs().behind(before));
    }

    fn remember(&mut self, past: MeasuredRun) {
        if self.past.len() >= RUN_LIMIT {
            self.past.remove(0);
        }
        self.past.push(past);
    }

    /// Begins a new run. `before` is the number of the run before it.
    pub(super) fn begin_run(&mut self, before: u32) {
        let run = std::mem::take(&mut self.run);
        if !run.is_empty() {
            self.remember(run.in_numbers(before));
            self.earlier.add(&run);
        }
    }

    /// Puts the timings of an earlier job, which had `before` runs, before these, and counts on from them.
    pub(super) fn count_behind(&mut self, finished: &Timings, before: u32) {
        self.past.iter_mut().for_each(|past| past.run = past.run.saturating_add(before));
        let mut earlier = finished.clone();
        earlier.begin_run(before);
        self.earlier.add(&earlier.earlier);
        let mut past = earlier.past;
        past.append(&mut self.past);
        self.past = past.split_off(past.len().saturating_sub(RUN_LIMIT));
    }

    pub(super) fn check(&self) -> Result<(), Refused> {
        self.earlier.check()?;
        self.run.check()
    }
}

impl Measured {
    /// Returns whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.saves == 0 && self.items.is_empty() && self.slowest.is_empty()
    }

    /// Adds a save for which a run waited for `took`.
    pub fn add_save(&mut self, took: Duration) {
        self.saves = self.saves.saturating_add(1);
        self.saving_nanos = self.saving_nanos.saturating_add(nanos_of(took));
    }

    /// Adds an item that took `nanos` nanoseconds.
    pub fn add_item(&mut self, nanos: u64) {
        self.items.add(nanos);
        self.item_nanos = self.item_nanos.saturating_add(nanos);
    }

    /// Adds an item that may be one of the slowest.
    pub fn add_slow(&mut self, item: SlowItem) {
        let is_same = |it: &SlowItem| {
            (it.loop_id, it.index, &it.within) == (item.loop_id, item.index, &item.within)
        };
        // An item that is done again is listed once.
        match self.slowest.iter_mut().find(|it| is_same(it)) {
            Some(known) if known.nanos >= item.nanos => return,
            Some(known) => *known = item,
            None => self.slowest.push(item),
        }
        self.slowest.sort_by_key(|it| std::cmp::Reverse(it.nanos));
        self.slowest.truncate(SLOWEST_LIMIT);
    }

    /// Returns the times of the items in numbers; `None` if they were not measured.
    pub fn quantiles(&self) -> Option<ItemQuantiles> {
        let longest = self.slowest.first().map(|it| it.nanos);
        // A bucket's middle may be above the longest time in it.
        let at = |thousandths| {
            let found = self.items.quantile(thousandths)?;
            Some(longest.map_or(found, |longest| found.min(longest)))
        };
        let (median, p90, p99) = (at(500)?, at(900)?, at(990)?);
        let longest = longest.or_else(|| self.items.quantile(1000))?;
        Some(ItemQuantiles { count: self.items.count(), median, p90, p99, longest })
    }

    fn in_numbers(&self, run: u32) -> MeasuredRun {
        let Measured { saves, saving_nanos, .. } = *self;
        MeasuredRun { run, saves, saving_nanos, items: self.quantiles() }
    }

    fn add(&mut self, added: &Measured) {
        self.saves = self.saves.saturating_add(added.saves);
        self.saving_nanos = self.saving_nanos.saturating_add(added.saving_nanos);
        self.item_nanos = self.item_nanos.saturating_add(added.item_nanos);
        self.items.add_all(&added.items);
        added.slowest.iter().for_each(|item| self.add_slow(item.clone()));
    }

    /// Converts the timings of a slice to the indices of the whole input, where `before` items come before the slice.
    pub(super) fn behind(mut self, before: u64) -> Self {
        for item in &mut self.slowest {
            let index = item.within.first_mut().unwrap_or(&mut item.index);
            *index = index.saturating_add(before);
        }
        self
    }

    fn check(&self) -> Result<(), Refused> {
        self.items.check()?;
        self.slowest.iter().try_for_each(SlowItem::check)
    }
}

impl SlowItem {
    fn check(&self) -> Result<(), Refused> {
        check_number(self.loop_id)?;
        check_within(&self.within)?;
        let is_short = self.captured.len() <= SLOW_ITEM_LIMIT;
        is_short.then_some(()).ok_or("a slow item has more than 96 bytes of text")
    }
}

/// Returns a time in nanoseconds, at most the largest number of them.
pub(super) fn nanos_of(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
