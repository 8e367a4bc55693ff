//! Counts a loop's items beside the run, in a local of the loop that nothing points to. So the compiler can keep the
//! count in registers, and an item costs an instruction or two.

mod counter;

use super::Run;
use super::looping::{self, Completed, Paged};
use super::stages::Stages;
use crate::Error;
use crate::control::pacing::Look;
use crate::save::Advanced;
use crate::save::rewriting::PagedValues;

/// The count of items between a loop and its run. The tally reports an item to the run only when a save may be due with
/// it, when the run is asked for something else, and when the loop is left in any way.
#[derive(Debug)]
pub struct Tally<'r> {
    run: &'r mut Run,
    /// The number of resumable loops around this one.
    depth: usize,
    /// The number of items that may complete until a save may be due. The run itself counts the last of them.
    granted: u64,
    /// The number of granted items that are left.
    left: u64,
    /// Whether an item has been handed out whose body has not ended.
    in_flight: bool,
    page: InPage,
    /// Whether the watchdog has the progress of the run, while the loop counts on.
    is_lent: bool,
    /// The reason why the loop gives no more items, in a loop that only counts.
    refused: Option<Box<Error>>,
}

/// The state of a loop's page.
#[derive(Clone, Copy, Debug)]
struct InPage {
    /// The progress of the loop since the last save, if each item is written into the page.
    at: Option<Advanced>,
    /// Whether the fingerprint in `at` is that of the item in flight.
    is_marked: bool,
    rewriting: Rewriting,
}

/// Whether the values of carried variables are written into the page with each item.
#[derive(Clone, Copy, Debug)]
enum Rewriting {
    /// They are not. The value is how many items complete until that is tried.
    Off(u16),
    /// They are, since the loop had completed so many items behind the last record. What the page has, the run has not.
    On(u64),
}

/// The number of items that complete until it is tried again to write values into the page with each item.
const NEXT_TRY: u16 = 16;
/// The least number of items for which that is worth its beginning and its end.
const WORTH: u64 = 4;

/// One of this many items has its fingerprint in the page: taking a fingerprint costs more than all else.
const PAGED_MARKS: u16 = 8;

impl<'r> Tally<'r> {
    #[inline]
    pub(super) fn new(run: &'r mut Run, depth: usize) -> Self {
        let (granted, left) = (0, 0);
        let page = InPage { at: None, is_marked: false, rewriting: Rewriting::Off(0) };
        let (in_flight, is_lent, refused) = (false, false, None);
        Tally { run, depth, granted, left, in_flight, page, is_lent, refused }
    }

    /// Reports the count to the run, and returns the run. The next item asks the run for a new grant.
    #[inline]
    pub fn run(&mut self) -> &mut Run {
        self.settle();
        self.take_in_rewritten();
        self.granted = 0;
        self.left = 0;
        self.run
    }

    /// Reports the count to the run, and returns the run's stages and the depth of the loop.
    pub(super) fn stages(&mut self) -> (&mut Stages, usize) {
        let depth = self.depth;
        (&mut self.run().stages, depth)
    }

    /// Returns the run's stages and the depth of the loop, after a call of [`stages`](Self::stages) since which nothing
    /// has happened to an item.
    #[inline]
    pub(super) fn stages_again(&mut self) -> (&mut Stages, usize) {
        debug_assert!(!self.in_flight && self.granted == self.left, "an item is unsettled");
        (&mut self.run.stages, self.depth)
    }

    /// Returns whether an item has been handed out whose body has not ended.
    #[inline]
    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight
    }

    /// Completes the item in flight, if there is one: its body has ended, as the loop's head is reached again. Returns
    /// whether a save is due.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    pub fn complete(&mut self) -> bool {
        if self.in_flight && self.left > 1 && self.ends_beside() && self.is_paged() {
            self.in_flight = false;
            self.left -= 1;
            return false;
        }
        self.take_back_dropped();
        self.settle();
        self.in_flight = false;
        let Completed { is_due, paged } = looping::complete(&mut self.run.stages, self.depth, None);
        self.granted = match paged {
            // The next item needs a record of its own, so the run is asked again at once.
            Paged::Record => 1,
            Paged::No | Paged::Window | Paged::Advanced(_) => {
                looping::items_until_a_look(&self.run.stages, self.depth)
            }
        };
        self.page.at = if let Paged::Advanced(at) = paged { Some(at) } else { None };
        self.left = self.granted;
        is_due
    }

    /// Begins the body of the item in flight: its time runs, and the watchdog can save what is complete.
    #[inline]
    pub fn begin_item(&mut self) {
        if self.is_lent {
            return self.run.stages.control.begin_next_item();
        }
        self.lend();
    }

    fn lend(&mut self) {
        self.settle();
        if self.run.stages.control.borrows() {
            self.run.stages.begin_item(self.depth);
            self.is_lent = self.left > 1;
        }
    }

    /// Notes that the body of the item in flight has ended, if the watchdog has the progress of the run. Returns whether the
    /// item can be counted here.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    fn ends_beside(&self) -> bool {
        !self.is_lent || self.run.stages.control.end_item_beside()
    }

    /// Returns whether the run has to wait before the next item, or to stop: see [`Run::look`].
    #[inline]
    pub fn look(&mut self, has_ended: bool) -> Option<Look> {
        if !self.run.stages.control.may_look() {
            return None;
        }
        self.run().look(has_ended)
    }

    /// Writes the completed item into the page, if each item is written there. Returns whether nothing else is to be
    /// done about the item.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    fn is_paged(&mut self) -> bool {
        let Some(paged) = self.page.at else { return true };
        let next = self.next_paged(paged);
        let is_in_page = self.run.stages.saving.page_writer().advance(next);
        if is_in_page {
            (self.page.at, self.page.is_marked) = (Some(next), false);
        }
        is_in_page
    }

    /// Returns what the page says once the item in flight is complete.
    #[inline]
    fn next_paged(&self, paged: Advanced) -> Advanced {
        let behind = if self.page.is_marked { 0 } else { paged.behind.saturating_add(1) };
        Advanced { count: paged.count + 1, behind, ..paged }
    }

    /// Completes the item in flight as [`complete`](Self::complete) does, in a loop with carried variables, whose values `put`
    /// puts in. Writes them into the page with the item if nothing else has changed.
    #[inline]
    pub fn complete_with(&mut self, put: impl FnOnce(&mut PagedValues<'_>) -> bool) -> bool {
        match (self.page.rewriting, self.page.at) {
            (Rewriting::On(_), Some(_)) if self.in_flight && self.left == 0 => {
                match self.run.stages.rewrite_known(self.depth, put) {
                    Some(next) => self.complete_rewritten(next),
                    None => self.complete_without_rewriting(),
                }
            }
            (Rewriting::On(_), Some(paged)) if self.in_flight => {
                let next = self.next_paged(paged);
                if !self.run.stages.saving.page_writer().rewrite(next, put) {
                    return self.complete_without_rewriting();
                }
                if self.left <= 1 {
                    return self.complete_rewritten(next);
                }
                (self.page.at, self.page.is_marked) = (Some(next), false);
                self.in_flight = false;
                self.left -= 1;
                false
            }
            (Rewriting::Off(_), _) if self.in_flight && self.left <= 1 => {
                self.begin_rewriting(put).unwrap_or_else(|| self.complete())
            }
            _ => self.complete(),
        }
    }

    /// Completes the item in flight, whose values can't be written into the page with it.
    #[cold]
    fn complete_without_rewriting(&mut self) -> bool {
        self.settle();
        self.take_in_rewritten();
        (self.granted, self.left) = (0, 0);
        self.complete()
    }

    /// Begins to write values into the page with each item, and completes the item in flight so. Returns whether a save is due;
    /// `None` if that is not possible, and the item is not complete.
    #[cold]
    #[inline(never)]
    fn begin_rewriting(&mut self, put: impl FnOnce(&mut PagedValues<'_>) -> bool) -> Option<bool> {
        if !self.run.stages.saving.page().may_be_used() {
            return None;
        }
        if let Rewriting::Off(left @ 1..) = self.page.rewriting {
            self.page.rewriting = Rewriting::Off(left - 1);
            return None;
        }
        self.take_back_dropped();
        self.settle();
        let Some(next) = self.run.stages.begin_rewriting(self.depth, put) else {
            self.page.rewriting = Rewriting::Off(NEXT_TRY);
            return None;
        };
        self.page.rewriting = Rewriting::On(next.count);
        Some(self.complete_rewritten(next))
    }

    /// Completes the item in flight, which is in the page, with values of carried variables. Returns whether a save is due.
    #[inline(never)]
    fn complete_rewritten(&mut self, next: Advanced) -> bool {
        self.settle();
        self.in_flight = false;
        let completed = looping::complete(&mut self.run.stages, self.depth, Some(next));
        (self.page.at, self.page.is_marked) = (Some(next), false);
        self.granted = looping::items_until_a_look(&self.run.stages, self.depth);
        self.left = self.granted;
        completed.is_due
    }

    /// Takes the values that the page alone has into the run, which needs them before it does anything else.
    #[inline]
    fn take_in_rewritten(&mut self) {
        if let Rewriting::On(since) = self.page.rewriting {
            let count = self.page.at.map_or(0, |paged| paged.count);
            self.run.stages.take_in_rewritten();
            self.page.at = None;
            let is_worth_it = count - since >= WORTH;
            self.page.rewriting = Rewriting::Off(if is_worth_it { 0 } else { NEXT_TRY });
        }
    }

    /// Returns the error of an input that gives each item only once, and would be known by index.
    #[cold]
    pub(crate) fn gives_once(&self) -> Error {
        self.run.gives_once()
    }

    /// Sets whether the item is in flight, after a commit or its end.
    pub(super) fn committed(&mut self, is_complete: bool) {
        self.in_flight = !is_complete;
    }

    /// Takes back a commit that failed: the item is in flight again.
    pub(super) fn put_back(&mut self) {
        let (stages, _) = self.stages();
        if let Some(before) = stages.commit.take_back() {
            stages.progress.put_back(before);
            stages.saving.commit_failed();
        }
        self.committed(false);
    }

    /// Takes back a commit whose future was dropped before its transaction was given the statements.
    pub(super) fn take_back_dropped(&mut self) {
        // The commit reported all counted items to the run, so only its own item comes back.
        self.in_flight |= self.run.stages.take_back_prepared();
    }

    /// Notes that the loop has ended. Returns whether its end has to be saved now.
    #[inline]
    pub fn leave(&mut self) -> bool {
        self.take_back_dropped();
        self.in_flight = false;
        let (stages, depth) = self.stages();
        looping::leave(stages, depth)
    }

    /// Leaves a loop that only counts, and saves its end if that is due.
    ///
    /// # Errors
    ///
    /// The error for which the loop gave no more items, or the run cannot be saved.
    #[inline]
    pub fn left(&mut self) -> Result<(), Error> {
        if let Some(error) = self.refused.take() {
            return Err(*error);
        }
        if self.leave() && self.run.saves_now() { self.run.save() } else { Ok(()) }
    }

    #[inline]
    fn settle(&mut self) {
        self.is_lent = false;
        let completed = self.granted - self.left;
        looping::settle(&mut self.run.stages, self.depth, completed, self.in_flight);
        if let Some(Advanced { fingerprint, behind, .. }) = self.page.at {
            let progress = &mut self.run.stages.progress;
            if std::mem::take(&mut self.page.is_marked) {
                progress.mark(self.depth, fingerprint);
            } else if completed > 0 {
                progress.mark_complete(self.depth, behind, fingerprint);
            }
        }
        self.granted = self.left;
    }
}

impl Drop for Tally<'_> {
    #[inline]
    fn drop(&mut self) {
        self.settle();
        self.take_in_rewritten();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use crate::{Error, Job};

    fn job(dir: &tempfile::TempDir) -> Job {
        Job::new("tally").state_dir(dir.path()).save_every(10)
    }

    fn completed_and_failed(job: &Job) -> (u64, Option<u64>) {
        let checkpoint = job.peek_checkpoint().unwrap().unwrap();
        (checkpoint.completed().len(), checkpoint.last_failure().unwrap().index())
    }

    #[test]
    fn an_error_between_two_looks_loses_no_count() {
        let dir = tempfile::tempdir().unwrap();
        let failing = |item| match item {
            17 => Err(Error::Thread(std::io::ErrorKind::Other.into())),
            _ => Ok(()),
        };
        job(&dir).run(0..30, failing).unwrap_err();
        assert_eq!(completed_and_failed(&job(&dir)), (17, Some(17)));
    }

    #[test]
    fn a_panic_between_two_looks_loses_no_count() {
        let dir = tempfile::tempdir().unwrap();
        let panicking = |item| {
            assert_ne!(item, 7, "seven");
            Ok::<(), Error>(())
        };
        catch_unwind(AssertUnwindSafe(|| job(&dir).run(0..30, panicking))).unwrap_err();
        assert_eq!(completed_and_failed(&job(&dir)), (7, Some(7)));
    }

    #[test]
    fn an_iterator_that_panics_leaves_nothing_in_flight() {
        let dir = tempfile::tempdir().unwrap();
        let items = (0..30).inspect(|item| assert_ne!(*item, 12, "twelve"));
        let run = || job(&dir).run(items, |_| Ok::<(), Error>(()));
        catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(completed_and_failed(&job(&dir)), (12, None));
    }
}
