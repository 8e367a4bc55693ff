//! Hands out the items of a loop while others are in flight, and attends to one item at a time.

use std::time::{Duration, Instant};

use safe_state_backends::{Captured, Carry};
use tracing::Span;

use super::judging::{GivenUp, Suspected};
use super::stages::Stages;
use super::tally::Tally;
use super::{Run, judging, looping, sharing, slices};
use crate::Error;
use crate::control::limits::ItemLimit;
use crate::failure::Verdict;
use crate::items::counter::Counter;
use crate::items::entry::WrongInput;
use crate::items::key::KeyHash;
use crate::save::EndMarks;
use crate::shared::again::NotAgain;

/// The most items that are handed out before there is a thread for them.
const MOST_AHEAD: u64 = 1024;
/// The most items that are handed out before there is a thread for them, if the page has each item as it ends: half of its window,
/// so that the window can move on meanwhile.
const MOST_AHEAD_PAGED: u64 = 512;

/// The link between a run and a loop whose items run side by side.
#[derive(Debug)]
pub struct Handing<'t, 'r> {
    tally: &'t mut Tally<'r>,
    /// Whether the run knows all that the tally knows.
    is_settled: bool,
    /// Whether only items that have a place in the window of a page may be handed out before there is a thread for them.
    only_in_window: bool,
}

impl<'t, 'r> Handing<'t, 'r> {
    /// Lets the items of the loop run side by side from now on, at most `most` at once.
    pub(crate) fn begin(tally: &mut Tally<'_>, most: usize) {
        let (stages, depth) = tally.stages();
        // A crash may hit the items in flight, and as many that ended during a save.
        stages.failures.risk_more(2 * most as u64);
        stages.with_stored(|progress, stored| progress.run_side_by_side(stored, depth));
    }

    /// Creates the link for a loop whose items run side by side.
    pub(crate) fn of(tally: &'t mut Tally<'r>) -> Self {
        Handing { tally, is_settled: false, only_in_window: false }
    }

    /// Returns the run.
    pub(crate) fn run(&mut self) -> &mut Run {
        self.is_settled = false;
        self.tally.run()
    }

    /// Returns the stages and the depth of the loop. While no item is attended to, that costs nothing.
    #[inline]
    fn stages(&mut self) -> (&mut Stages, usize) {
        if self.is_settled {
            return self.tally.stages_again();
        }
        self.is_settled = !self.tally.is_in_flight();
        self.tally.stages()
    }

    /// Returns the tally, which may change.
    fn tally(&mut self) -> &mut Tally<'r> {
        self.is_settled = false;
        self.tally
    }

    /// Lets items be handed out before there is a thread for them, if they are short. Returns how many.
    pub(crate) fn goes_ahead(&mut self) -> u64 {
        let (stages, depth) = self.stages();
        let ahead = looping::items_ahead(stages, depth);
        let is_paged = stages.saving.page().may_be_used();
        if is_paged {
            // An item is in the page as soon as it has ended.
            self.only_in_window = true;
            return ahead.min(MOST_AHEAD_PAGED);
        }
        if stages.saving.items_at_risk() < u64::MAX {
            stages.failures.risk_more(ahead.min(MOST_AHEAD));
        }
        ahead.min(MOST_AHEAD)
    }

    /// Returns whether the next item may be handed out before there is a thread for it.
    #[inline]
    pub(crate) fn may_go_ahead(&mut self) -> bool {
        if !self.only_in_window {
            return true;
        }
        let (stages, depth) = self.stages();
        let next = stages.progress.beside(depth).next();
        stages.saving.page_writer().make_room(next)
    }

    /// Returns the handle by which whoever ends an item notes that in the page at once. For loops whose items are complete when
    /// their bodies have come to their end.
    pub(crate) fn end_marks(&mut self) -> EndMarks {
        let (stages, depth) = self.stages();
        looping::end_marks(stages, depth)
    }

    /// Makes the page follow the save that was made last. `may_open` tells that the page may have the items from now on as they
    /// end.
    pub(crate) fn saved(&mut self, may_open: bool) {
        let (stages, depth) = self.stages();
        looping::settle_window(stages, depth, may_open);
    }

    /// Returns whether the loop's input gives each item once, so that an item that is handed out and not done is lost.
    pub(crate) fn gives_once(&mut self) -> bool {
        let (stages, depth) = self.stages();
        stages.progress.gives_once(depth)
    }

    /// Returns the index of the item that was handed out last.
    pub(crate) fn last(&mut self) -> u64 {
        let (stages, depth) = self.stages();
        stages.progress.beside(depth).last_handed_out()
    }

    /// Sets the index from which on no item has begun that was handed out.
    pub(crate) fn set_unbegun(&mut self, index: u64) {
        let (stages, depth) = self.stages();
        stages.progress.beside(depth).set_unbegun(index);
    }

    /// Completes items that nobody has to attend to, because their bodies have only come to their end.
    pub(crate) fn complete_all(&mut self, mut items: &[u64]) {
        while let Some((next, rest)) = items.split_first() {
            let (stages, depth) = self.stages();
            match looping::complete_beside(stages, depth, items) {
                0 => {
                    self.attend(*next, Vec::new());
                    // The caller asks later what is due, so the answer is not needed.
                    let _ = self.complete_item();
                    items = rest;
                }
                count => items = &items[count..],
            }
        }
        let (stages, depth) = self.stages();
        looping::advance_window(stages, depth);
    }

    /// Attends to the item `index`, whose recorded values are `captured`: from now on it counts as *the* item in
    /// flight.
    pub(crate) fn attend(&mut self, index: u64, captured: Vec<Captured>) {
        let (stages, depth) = self.stages();
        if !captured.is_empty() {
            stages.progress.beside(depth).set_captured(index, captured);
        }
        stages.progress.beside(depth).attend(index);
        self.tally().committed(false);
    }

    /// Ends the attention to an item: none counts as the one in flight.
    pub(crate) fn turn_away(&mut self) {
        self.tally().committed(true);
        self.tally().run();
    }

    /// Completes the item that is attended to. Returns whether a save or a request is due.
    pub(crate) fn complete_item(&mut self) -> bool {
        self.tally().complete()
    }

    /// Notes that a `return` is about to leave the loop.
    pub(crate) fn returning(&mut self) {
        self.tally().run().returning();
    }

    /// Returns whether a request to the run is pending, which may take long.
    pub(crate) fn is_asked(&mut self) -> bool {
        self.stages().0.control.is_asked()
    }

    /// Returns whether the run is to stop.
    pub(crate) fn is_to_stop(&mut self, now: Instant) -> bool {
        self.stages().0.control.reason_to_stop(now).is_some()
    }

    /// Returns whether the run is to end, and not only to pause.
    pub(crate) fn is_ending(&mut self, now: Instant) -> bool {
        self.stages().0.control.is_ending(now)
    }

    /// Returns how long the items in flight may go on when the run is to end, if the job says so.
    pub(crate) fn grace(&mut self) -> Option<Duration> {
        self.stages().0.control.grace()
    }

    /// Returns the limit on the time of each item.
    pub(crate) fn limit_of_item(&mut self) -> Option<ItemLimit> {
        self.stages().0.control.limit_of_item()
    }

    /// Returns whether each item is timed.
    pub(crate) fn times_items(&mut self) -> bool {
        self.stages().0.saving.times_items()
    }

    /// Notes when the body of an item has ended, on whichever thread.
    pub(crate) fn ended_at(&mut self, index: u64, at: Instant) {
        let (stages, depth) = self.stages();
        stages.saving.item_ended(depth, index, at);
    }

    /// Returns the span of an item's body, which begins now and may run on another thread.
    pub(crate) fn span_of(&mut self, index: u64) -> Span {
        let (stages, depth) = self.stages();
        stages.saving.item_begins(depth, index);
        stages.observer.span_beside(index)
    }

    /// Returns how many items have been given up, in all slices of a shared job. If the number is below `most`, another
    /// item is about to be, and counts for other workers.
    pub(crate) fn given_up(&mut self, most: u64) -> Result<u64, Error> {
        sharing::given_up(self.stages().0, most)
    }

    /// Returns how many items have been given up without blocking: see [`given_up`](Self::given_up).
    pub(crate) async fn given_up_async(&mut self, most: u64) -> Result<u64, Error> {
        sharing::given_up_async(self.stages().0, most).await
    }

    /// Gives up the item that is attended to, which has failed, if `count` allows one more. Returns the verdict.
    pub(crate) fn decide(&mut self, it: GivenUp, count: Result<u64, Error>) -> Verdict {
        judging::decide(self.stages().0, it, count)
    }

    /// Gives up the item that is attended to, which may have killed the process, if `count` allows one more. Returns whether
    /// it is given up.
    pub(crate) fn gives_up(&mut self, it: &Suspected, count: Option<Result<u64, Error>>) -> bool {
        let (stages, depth) = self.stages();
        judging::is_given_up(stages, it, count, depth)
    }

    /// Returns the error of an input that does not give a slice its items.
    pub(crate) fn not_again(&mut self, reason: NotAgain) -> Error {
        slices::not_again(self.stages().0, reason)
    }

    /// Records that an item failed beside the one that ends the run.
    pub(crate) fn failed_beside(&mut self, index: u64, how: &str) {
        let (stages, _) = self.stages();
        stages.failures.end_for(format!("item {index} failed beside it: {how}"));
    }

    /// Reports that the loop waits on purpose with no item in flight.
    pub(crate) fn waits(&mut self) {
        self.stages().0.observer.waits();
    }

    /// Waits for `time` without blocking.
    pub(crate) async fn sleep(&mut self, time: Duration) {
        let (stages, _) = self.stages();
        stages.saving.sleep(time).await;
    }
}

impl Counter for Handing<'_, '_> {
    fn hand_out(&mut self) -> bool {
        let (stages, depth) = self.stages();
        let is_wanted = stages.progress.beside(depth).hand_out();
        if stages.saving.page().has_window() {
            let index = stages.progress.beside(depth).last_handed_out();
            // Without room, the item gets a record.
            let _ = stages.saving.page_writer().make_room(index);
        }
        is_wanted || looping::wants_mark(stages, depth)
    }

    fn mark(&mut self, fingerprint: Option<u32>) {
        let (stages, depth) = self.stages();
        stages.progress.mark(depth, fingerprint);
    }

    fn hand_out_by_key(&mut self, key: KeyHash) -> Result<bool, Error> {
        let (stages, depth) = self.stages();
        looping::meet(stages, depth, key)
    }

    fn hand_out_by_cursor<C: Carry>(&mut self, cursor: &C) -> Result<(), Error> {
        self.tally().hand_out_by_cursor(cursor)
    }

    fn pass_over(&mut self, count: u64) {
        self.tally().pass_over(count);
    }

    fn exhausted(&mut self) {
        self.tally().exhausted();
    }

    fn complete(&mut self) -> bool {
        self.complete_item()
    }

    fn pass_boundary(&mut self, has_ended: bool) -> Result<(), Error> {
        self.tally().pass_boundary(has_ended)
    }

    fn refuse(&mut self, error: Error) {
        self.tally().refuse(error);
    }

    fn accepts_another_input(&self) -> bool {
        self.tally.accepts_another_input()
    }

    fn shrank(&mut self, total: u64) -> Result<(), Error> {
        self.tally().shrank(total)
    }

    fn key_not_serializable(&mut self, reason: String) -> Error {
        self.tally().key_not_serializable(reason)
    }

    fn not_compared(&mut self) -> Error {
        self.tally().not_compared()
    }

    fn not_serialized(&mut self) -> Option<Error> {
        self.tally().not_serialized()
    }

    fn wrong_input(&mut self, completed: u64, wrong: WrongInput) -> Error {
        self.tally().wrong_input(completed, wrong)
    }
}
