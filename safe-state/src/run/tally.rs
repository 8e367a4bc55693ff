//! Counts a loop's items beside the run: in a local of the loop that nothing points to, so that
//! the compiler can keep the count in registers, and an item costs an instruction or two.

use safe_state_backends::Carry;

use crate::Error;
use crate::items::key::KeyHash;
use crate::run::Run;

/// Stands between a loop and its run, and lets the run know of an item when a save may be due
/// with it, when something else is asked of the run, and when the loop is left, however that
/// happens.
#[derive(Debug)]
pub struct Tally<'r> {
    run: &'r mut Run,
    /// How many resumable loops are around this one.
    depth: usize,
    /// How many items may complete until a save may be due; the last of them is the run's to count.
    granted: u64,
    /// How many of them are left.
    left: u64,
    /// Whether an item has been handed out whose body has not ended.
    in_flight: bool,
}

impl<'r> Tally<'r> {
    #[inline]
    pub(crate) fn new(run: &'r mut Run, depth: usize) -> Self {
        Tally { run, depth, granted: 0, left: 0, in_flight: false }
    }

    /// The run, which knows everything now. It is asked for the next item's part again.
    #[inline]
    pub fn run(&mut self) -> &mut Run {
        self.settle();
        self.granted = 0;
        self.left = 0;
        self.run
    }

    /// An item has been handed out. Says whether its fingerprint is wanted.
    #[inline]
    pub(crate) fn hand_out(&mut self) -> bool {
        self.in_flight = true;
        if self.left > 1 {
            return false;
        }
        self.settle();
        self.run.wants_mark(self.depth)
    }

    /// The same of an item that is known by its key. Says whether it is to be done.
    ///
    /// # Errors
    ///
    /// The stored keys were made otherwise.
    pub(crate) fn hand_out_by_key(&mut self, key: KeyHash) -> Result<bool, Error> {
        let depth = self.depth;
        self.in_flight = self.run().meet(depth, key)?;
        self.settle();
        Ok(self.in_flight)
    }

    /// The item has no key.
    pub(crate) fn no_key(&mut self, reason: String) -> Error {
        let depth = self.depth;
        self.run().no_key(depth, reason)
    }

    /// The same of an item that is known by its cursor.
    ///
    /// # Errors
    ///
    /// The cursor can't be serialised, or names no item.
    pub(crate) fn hand_out_by_cursor<C: Carry>(&mut self, cursor: &C) -> Result<(), Error> {
        let depth = self.depth;
        self.run().reach(depth, cursor)?;
        self.in_flight = true;
        self.settle();
        Ok(())
    }

    #[inline]
    pub(crate) fn mark(&mut self, fingerprint: Option<u32>) {
        self.run.mark(self.depth, fingerprint);
    }

    /// The body of the item in flight, if there is one, has ended: the loop's head is reached again.
    /// Says whether a save is due.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would take the count out of its registers")]
    pub fn complete(&mut self) -> bool {
        if self.in_flight && self.left > 1 {
            self.in_flight = false;
            self.left -= 1;
            return false;
        }
        self.take_back_dropped();
        self.settle();
        self.in_flight = false;
        let is_due = self.run.complete(self.depth);
        self.granted = self.run.items_until_a_look(self.depth);
        self.left = self.granted;
        is_due
    }

    /// Saves if that is due, and heeds what is asked of the run unless the input has ended: then there is nothing to
    /// stop.
    #[cold]
    pub(crate) fn heed(&mut self, has_ended: bool) -> Result<(), Error> {
        let run = self.run();
        if run.asks() {
            run.save()?;
        }
        if has_ended { Ok(()) } else { run.heed() }
    }

    /// The loop has ended. Saves that, unless it has to wait.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn left(&mut self) -> Result<(), Error> {
        if self.leave() && self.run.saves_now() {
            return self.run.save();
        }
        Ok(())
    }

    /// The run and the loop's depth, to complete the item in flight there, before its body has ended.
    pub(crate) fn committing(&mut self) -> (&mut Run, usize) {
        let depth = self.depth;
        (self.run(), depth)
    }

    /// Takes in whether the item is in flight still.
    pub(crate) fn committed(&mut self, is_complete: bool) {
        self.in_flight = !is_complete;
    }

    /// A commit whose future was dropped before its transaction was given anything has not come about.
    pub(crate) fn take_back_dropped(&mut self) {
        // With the commit the run was told of all that had been counted.
        self.in_flight |= self.run.put_back_prepared();
    }

    /// So many items that are complete have been passed over, behind others that are not.
    pub(crate) fn pass_over(&mut self, count: u64) {
        if count > 0 {
            let depth = self.depth;
            self.run().pass_over(depth, count);
        }
    }

    /// There are no more items.
    #[inline]
    pub(crate) fn exhausted(&mut self) {
        self.run.exhausted(self.depth);
    }

    /// The loop has ended. Says whether that is to be saved now.
    #[inline]
    pub fn leave(&mut self) -> bool {
        let depth = self.depth;
        self.take_back_dropped();
        self.in_flight = false;
        self.run().leave_loop(depth)
    }

    #[inline]
    fn settle(&mut self) {
        self.run.settle(self.depth, self.granted - self.left, self.in_flight);
        self.granted = self.left;
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
    fn nor_does_a_panic() {
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
