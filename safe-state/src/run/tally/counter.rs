//! Counts the items that a loop's head hands out.

use safe_state_backends::Carry;

use super::{PAGED_MARKS, Tally};
use crate::Error;
use crate::items::counter::Counter;
use crate::items::entry::WrongInput;
use crate::items::key::KeyHash;
use crate::progress::wrong_input;
use crate::run::looping;

impl Counter for Tally<'_> {
    #[cold]
    fn refuse(&mut self, error: Error) {
        self.refused = Some(Box::new(error));
    }

    #[inline]
    fn hand_out(&mut self) -> bool {
        self.in_flight = true;
        if self.left > 1 {
            return self.page.at.is_some_and(|paged| paged.behind.saturating_add(1) >= PAGED_MARKS);
        }
        let is_paged = self.page.at.is_some();
        self.settle();
        is_paged || looping::wants_mark(&self.run.stages, self.depth)
    }

    #[inline]
    fn mark(&mut self, fingerprint: Option<u32>) {
        match &mut self.page.at {
            Some(paged) if self.left > 1 => {
                (paged.fingerprint, self.page.is_marked) = (fingerprint, true);
            }
            _ => self.run.stages.progress.mark(self.depth, fingerprint),
        }
    }

    fn hand_out_by_key(&mut self, key: KeyHash) -> Result<bool, Error> {
        self.settle();
        (self.granted, self.left) = (0, 0);
        self.in_flight = looping::meet(&mut self.run.stages, self.depth, key)?;
        self.settle();
        Ok(self.in_flight)
    }

    fn hand_out_by_cursor<C: Carry>(&mut self, cursor: &C) -> Result<(), Error> {
        self.settle();
        (self.granted, self.left) = (0, 0);
        looping::reach(&mut self.run.stages, self.depth, cursor)?;
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
        if self.is_lent {
            self.settle();
        }
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
