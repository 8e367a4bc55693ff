//! Counts a loop's items beside the run, in a local of the loop that nothing points to. So the compiler can keep the
//! count in registers, and an item costs an instruction or two.

use safe_state_backends::Carry;

use super::Run;
use super::looping::{self, Completed, Paged};
use super::stages::Stages;
use crate::Error;
use crate::items::counter::Counter;
use crate::items::entry::WrongInput;
use crate::items::key::KeyHash;
use crate::progress::wrong_input;
use crate::save::Advanced;

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
    /// The progress of the loop since the last save, if each item is written into the page.
    paged: Option<Advanced>,
    /// Whether the fingerprint in `paged` is that of the item in flight.
    is_marked: bool,
    /// The reason why the loop gives no more items, in a loop that only counts.
    refused: Option<Box<Error>>,
}

/// One of this many items has its fingerprint in the page: taking a fingerprint costs more than all else.
const PAGED_MARKS: u16 = 8;

impl<'r> Tally<'r> {
    #[inline]
    pub(super) fn new(run: &'r mut Run, depth: usize) -> Self {
        let (granted, left) = (0, 0);
        let (in_flight, paged, is_marked, refused) = (false, None, false, None);
        Tally { run, depth, granted, left, in_flight, paged, is_marked, refused }
    }

    /// Reports the count to the run, and returns the run. The next item asks the run for a new grant.
    #[inline]
    pub fn run(&mut self) -> &mut Run {
        self.settle();
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
        if self.in_flight && self.left > 1 && self.is_paged() {
            self.in_flight = false;
            self.left -= 1;
            return false;
        }
        self.take_back_dropped();
        self.settle();
        self.in_flight = false;
        let Completed { is_due, paged } = looping::complete(&mut self.run.stages, self.depth);
        self.granted = match paged {
            // The next item needs a record of its own, so the run is asked again at once.
            Paged::Record => 1,
            Paged::No | Paged::Advanced(_) => {
                looping::items_until_a_look(&self.run.stages, self.depth)
            }
        };
        self.paged = if let Paged::Advanced(at) = paged { Some(at) } else { None };
        self.left = self.granted;
        is_due
    }

    /// Writes the completed item into the page, if each item is written there. Returns whether nothing else is to be
    /// done about the item.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    fn is_paged(&mut self) -> bool {
        let Some(paged) = self.paged else { return true };
        let behind = if self.is_marked { 0 } else { paged.behind.saturating_add(1) };
        let next = Advanced { count: paged.count + 1, behind, ..paged };
        let is_in_page = self.run.stages.saving.advance_page(next);
        if is_in_page {
            (self.paged, self.is_marked) = (Some(next), false);
        }
        is_in_page
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
        let completed = self.granted - self.left;
        looping::settle(&mut self.run.stages, self.depth, completed, self.in_flight);
        if let Some(Advanced { fingerprint, behind, .. }) = self.paged {
            let progress = &mut self.run.stages.progress;
            if std::mem::take(&mut self.is_marked) {
                progress.mark(self.depth, fingerprint);
            } else if completed > 0 {
                progress.mark_complete(self.depth, behind, fingerprint);
            }
        }
        self.granted = self.left;
    }
}

impl Counter for Tally<'_> {
    #[cold]
    fn refuse(&mut self, error: Error) {
        self.refused = Some(Box::new(error));
    }

    #[inline]
    fn hand_out(&mut self) -> bool {
        self.in_flight = true;
        if self.left > 1 {
            return self.paged.is_some_and(|paged| paged.behind.saturating_add(1) >= PAGED_MARKS);
        }
        let is_paged = self.paged.is_some();
        self.settle();
        is_paged || looping::wants_mark(&self.run.stages, self.depth)
    }

    #[inline]
    fn mark(&mut self, fingerprint: Option<u32>) {
        match &mut self.paged {
            Some(paged) if self.left > 1 => {
                (paged.fingerprint, self.is_marked) = (fingerprint, true);
            }
            _ => self.run.stages.progress.mark(self.depth, fingerprint),
        }
    }

    fn hand_out_by_key(&mut self, key: KeyHash) -> Result<bool, Error> {
        let (stages, depth) = self.stages();
        self.in_flight = looping::meet(stages, depth, key)?;
        self.settle();
        Ok(self.in_flight)
    }

    fn hand_out_by_cursor<C: Carry>(&mut self, cursor: &C) -> Result<(), Error> {
        let (stages, depth) = self.stages();
        looping::reach(stages, depth, cursor)?;
        self.in_flight = true;
        self.settle();
        Ok(())
    }

    fn pass_over(&mut self, count: u64) {
        if count > 0 {
            let (stages, depth) = self.stages();
            stages.progress.pass_over(depth, count);
        }
    }

    #[inline]
    fn exhausted(&mut self) {
        self.run.stages.progress.exhausted(self.depth);
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    fn complete(&mut self) -> bool {
        Tally::complete(self)
    }

    #[cold]
    fn pass_boundary(&mut self, has_ended: bool) -> Result<(), Error> {
        let run = self.run();
        if run.poll_requests() {
            run.save()?;
        }
        if has_ended { Ok(()) } else { run.apply_request() }
    }

    fn accepts_another_input(&self) -> bool {
        self.run.stages.session.terms.accepts
    }

    #[cold]
    fn shrank(&mut self, total: u64) -> Result<(), Error> {
        let (stages, depth) = self.stages();
        looping::shrink(stages, depth, total)
    }

    fn key_not_serializable(&mut self, reason: String) -> Error {
        let (stages, depth) = self.stages();
        let index = stages.progress.position(depth).unwrap_or(0);
        Error::KeyNotSerializable { job: stages.observer.job().to_owned(), index, reason }
    }

    #[cold]
    fn not_compared(&mut self) -> Error {
        self.in_flight = false;
        Error::NotCompared { job: self.stages().0.observer.job().to_owned() }
    }

    #[cold]
    fn not_serialized(&mut self) -> Option<Error> {
        let (stages, depth) = self.stages();
        // An inner loop has a first item in each item of the outer loop.
        let is_first = depth == 0 && stages.progress.beside(depth).last_handed_out() == 0;
        let job = stages.observer.job().to_owned();
        self.in_flight &= !is_first;
        is_first.then_some(Error::NotSerializable { job })
    }

    fn wrong_input(&mut self, completed: u64, wrong: WrongInput) -> Error {
        let (stages, _) = self.stages();
        wrong_input(stages.observer.job().to_owned(), completed, wrong)
    }
}

impl Drop for Tally<'_> {
    #[inline]
    fn drop(&mut self) {
        self.settle();
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
