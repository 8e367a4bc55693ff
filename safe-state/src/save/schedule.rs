//! The schedule of a run's saves.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

/// A rule for when a save is due: after a number of items, after a time, or by a share of the run's time.
///
/// ```
/// use safe_state::SaveEvery;
/// use std::time::Duration;
///
/// assert_eq!(SaveEvery::from(10), SaveEvery::items(10));
/// let _ = SaveEvery::from(Duration::from_millis(250));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaveEvery(Every);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Every {
    Items(NonZeroU64),
    Time(Duration),
    /// So often that saving takes at most this many millionths of the time.
    Share(u32),
}

impl SaveEvery {
    /// Makes a save due after `count` completed items. Zero means the same as one.
    pub fn items(count: u64) -> Self {
        SaveEvery(Every::Items(NonZeroU64::new(count).unwrap_or(NonZeroU64::MIN)))
    }

    /// Makes a save due at the first item that completes after `interval`.
    pub fn time(interval: Duration) -> Self {
        SaveEvery(Every::Time(interval))
    }

    /// Makes saves due so often that they take at most `percent` of the run's time: at the first item that completes
    /// once the time of a save has become this share of the time since the last save. A share of zero or less counts as
    /// a ten-thousandth of a percent, and a share above 50 counts as 50.
    ///
    /// ```
    /// use safe_state::SaveEvery;
    ///
    /// let one_percent = SaveEvery::share(1.0);
    /// assert_ne!(one_percent, SaveEvery::share(2.5));
    /// assert_eq!(SaveEvery::share(90.0), SaveEvery::share(50.0));
    /// ```
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
    pub fn share(percent: f64) -> Self {
        // NaN becomes zero here.
        let millionths = (percent * 10_000.0).clamp(1.0, 500_000.0) as u32;
        SaveEvery(Every::Share(millionths.max(1)))
    }
}

impl SaveEvery {
    /// Returns how many items may have begun since the last save, and within how long a time.
    pub(crate) fn at_risk(self) -> (u64, Duration) {
        match self.0 {
            Every::Items(count) => (count.get(), Duration::ZERO),
            Every::Time(interval) => (1, interval),
            Every::Share(_) => (1, SHARED_INTERVAL),
        }
    }
}

impl Default for SaveEvery {
    /// Makes a save due after every item.
    fn default() -> Self {
        SaveEvery::items(1)
    }
}

impl From<u64> for SaveEvery {
    fn from(count: u64) -> Self {
        SaveEvery::items(count)
    }
}

impl From<Duration> for SaveEvery {
    fn from(interval: Duration) -> Self {
        SaveEvery::time(interval)
    }
}

/// Decides, item by item, whether a save is due.
#[derive(Debug)]
pub(crate) struct Schedule {
    every: Every,
    /// The number of items that may complete before the next look.
    budget: u64,
    is_due: bool,
    last_save: Instant,
    /// The time that a save takes.
    cost: Duration,
    /// The items between two looks at the clock, if items are safe in a page before they are saved.
    stride: Option<Stride>,
}

/// The time within which items count as begun since the last save, in a run that died and saves by a share of its time.
const SHARED_INTERVAL: Duration = Duration::from_secs(10);

/// The time between two writes to the log, if a page holds each item.
pub(crate) const PAGED_INTERVAL: Duration = Duration::from_secs(1);
/// The time that the items between two looks at the clock may take.
const STRIDE: Duration = Duration::from_micros(10);
/// The most items between two looks at the clock. If items suddenly take longer, the file is written this many items
/// late.
const STRIDE_LIMIT: u64 = 64;

/// The shortest pause between two hurried saves, as a multiple of the time that a save takes.
const HURRIED: u32 = 9;

/// The items between two looks at the clock.
#[derive(Clone, Copy, Debug)]
struct Stride {
    items: u64,
    since: Instant,
}

impl Stride {
    /// Returns the next stride: as many items as take a [`STRIDE`], but at most twice as many as the last one.
    fn next(self, now: Instant) -> Self {
        let took = (now - self.since).as_nanos().max(1);
        let fitting = STRIDE.as_nanos() * u128::from(self.items) / took;
        let fitting = u64::try_from(fitting).unwrap_or(u64::MAX);
        Stride { items: fitting.clamp(1, STRIDE_LIMIT.min(2 * self.items)), since: now }
    }
}

impl Schedule {
    pub(crate) fn new(SaveEvery(every): SaveEvery, now: Instant) -> Self {
        Schedule {
            every,
            budget: every.budget(),
            is_due: false,
            last_save: now,
            cost: Duration::ZERO,
            stride: None,
        }
    }

    /// Notes whether items are safe in a page before they are saved. Then the page does "after every item", and the
    /// clock is not read for each item.
    pub(crate) fn set_paged(&mut self, is_paged: bool) {
        if is_paged != self.stride.is_some() {
            self.stride = is_paged.then(|| Stride { items: 1, since: Instant::now() });
            // Items that have been counted stay counted, however often this setting changes.
            self.budget = self.budget.min(self.next_budget());
        }
    }

    fn next_budget(&self) -> u64 {
        match (self.every, self.stride) {
            // Each item is in the page, so a late look risks only what a power cut would cost.
            (Every::Items(NonZeroU64::MIN) | Every::Time(_) | Every::Share(_), Some(stride)) => {
                stride.items
            }
            (every, _) => every.budget(),
        }
    }

    /// Returns the time after which a save is due; `None` if the rule counts items.
    fn interval(&self) -> Option<Duration> {
        match self.every {
            Every::Time(interval) => Some(interval),
            Every::Share(millionths) => Some(self.cost * (1_000_000 / millionths - 1)),
            Every::Items(NonZeroU64::MIN) if self.stride.is_some() => Some(PAGED_INTERVAL),
            Every::Items(_) => None,
        }
    }

    /// Counts one completed item. This is one subtraction and one branch, unless a look is due.
    #[inline]
    pub(crate) fn item_completed(&mut self) -> bool {
        self.budget -= 1;
        self.budget == 0 && self.look()
    }

    /// Makes a save due, unless the last one was so recent that saves would take more than a tenth of the time. Returns
    /// whether a save is due.
    #[cold]
    pub(crate) fn hurries(&mut self) -> bool {
        self.is_due |= self.last_save.elapsed() >= self.cost * HURRIED;
        self.is_due
    }

    /// Returns whether a save may be due when the next item completes.
    #[inline]
    pub(crate) fn is_due_next(&self) -> bool {
        self.budget == 1
    }

    /// Counts `count` completed items, which must be fewer than may complete before the next look.
    pub(crate) fn items_completed(&mut self, count: u64) {
        self.budget -= count;
    }

    /// Returns how many items may complete from one save to the next; the highest number if the rule goes by time.
    pub(crate) fn items_at_risk(&self) -> u64 {
        match self.every {
            Every::Items(count) => count.get(),
            Every::Time(_) | Every::Share(_) => u64::MAX,
        }
    }

    /// Returns how many items may complete before the next look.
    pub(crate) fn budget(&self) -> u64 {
        self.budget
    }

    #[cold]
    fn look(&mut self) -> bool {
        self.is_due = self.interval().is_none_or(|interval| {
            let now = Instant::now();
            self.stride = self.stride.map(|stride| stride.next(now));
            now - self.last_save >= interval
        });
        self.budget = self.next_budget();
        self.is_due
    }

    /// Notes that a save has been made, and the time it took.
    pub(crate) fn saved(&mut self, took: Duration, now: Instant) {
        // A slower save counts at once; a faster one lowers the cost little by little.
        self.cost = took.max((3 * self.cost + took) / 4);
        self.budget = self.next_budget();
        self.is_due = false;
        self.last_save = now;
    }

    /// Returns whether a save is due that has not been made yet.
    pub(crate) fn is_due(&self) -> bool {
        self.is_due
    }

    pub(crate) fn last_save(&self) -> Instant {
        self.last_save
    }
}

impl Every {
    fn budget(self) -> u64 {
        match self {
            Every::Items(count) => count.get(),
            Every::Time(_) | Every::Share(_) => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_due_at_each_multiple() {
        let mut schedule = Schedule::new(SaveEvery::items(3), Instant::now());
        let due: Vec<bool> = (0..7).map(|_| schedule.item_completed()).collect();
        assert_eq!(due, [false, false, true, false, false, true, false]);
    }

    #[test]
    fn a_time_is_due_at_the_first_item_after_it() {
        let long_ago = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
        let mut schedule = Schedule::new(SaveEvery::time(Duration::from_secs(30)), long_ago);
        assert!(schedule.item_completed());
        schedule.saved(Duration::ZERO, Instant::now());
        assert!(!schedule.item_completed());
    }

    #[test]
    fn a_share_is_due_when_the_last_save_has_become_one() {
        let now = Instant::now();
        let ago = |millis| now.checked_sub(Duration::from_millis(millis)).unwrap();
        let mut schedule = Schedule::new(SaveEvery::share(1.0), now);
        assert!(schedule.item_completed(), "nothing is known yet");
        let millis = Duration::from_millis(10);
        for (since, is_due) in [(900, false), (1_100, true)] {
            schedule.saved(millis, ago(since));
            assert_eq!(schedule.item_completed(), is_due, "{since} ms");
        }
        schedule.saved(4 * millis, ago(3_900));
        assert!(!schedule.item_completed(), "that one took longer");
        schedule.saved(millis, ago(3_000));
        assert!(!schedule.item_completed(), "and is not forgotten at once");
        (0..20).for_each(|_| schedule.saved(millis, ago(1_200)));
        assert!(schedule.item_completed(), "but in the end");
    }

    #[test]
    fn saves_in_a_hurry_take_a_tenth_of_the_time() {
        let now = Instant::now();
        let ago = |millis| now.checked_sub(Duration::from_millis(millis)).unwrap();
        let mut schedule = Schedule::new(SaveEvery::items(1_000_000), now);
        assert!(schedule.hurries(), "the first is made at once");
        let hour = Duration::from_secs(3600);
        schedule.saved(hour, ago(1));
        assert!(!schedule.item_completed() && !schedule.hurries());
        schedule.saved(Duration::ZERO, ago(1));
        (0..200).for_each(|_| schedule.saved(Duration::from_millis(1), ago(10)));
        assert!(schedule.hurries());
    }

    #[test]
    fn a_page_now_and_then_puts_no_save_off() {
        let mut schedule = Schedule::new(SaveEvery::items(5), Instant::now());
        let due: Vec<bool> = (0..10)
            .map(|item| {
                schedule.set_paged(item % 2 == 0);
                schedule.item_completed()
            })
            .collect();
        assert_eq!(due, [false, false, false, false, true, false, false, false, false, true]);
    }

    #[test]
    fn with_a_page_each_item_is_saved_by_time() {
        let long_ago = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
        let mut schedule = Schedule::new(SaveEvery::items(1), long_ago);
        schedule.set_paged(true);
        assert!(schedule.item_completed(), "a second has gone by");
        schedule.saved(Duration::ZERO, Instant::now());
        assert!((0..100).all(|_| !schedule.item_completed()));
        schedule.set_paged(false);
        assert!(schedule.item_completed(), "without a page each is saved");
    }

    #[test]
    fn strides_grow_no_faster_than_twofold_and_to_a_limit() {
        let now = Instant::now();
        let mut stride = Stride { items: 1, since: now };
        let items: Vec<u64> = (0..8)
            .map(|_| {
                stride = stride.next(now);
                stride.items
            })
            .collect();
        assert_eq!(items, [2, 4, 8, 16, 32, 64, 64, 64]);
        assert_eq!(stride.next(now + Duration::from_secs(64)).items, 1);
        assert_eq!(stride.next(now + Duration::from_micros(64)).items, 10);
    }

    #[test]
    fn zero_items_is_every_item() {
        assert_eq!(SaveEvery::items(0), SaveEvery::items(1));
    }
}
