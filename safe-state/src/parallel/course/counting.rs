//! Items that fail or may have killed the process: whether they are given up may depend on how many all workers of a shared
//! job have given up, which takes long to count. So the course asks, and goes on with the answer.

use std::time::Instant;

use super::Course;
use crate::Error;
use crate::attempt::{Outcome, call};
use crate::failure::Verdict;
use crate::failure::notes::Notes;
use crate::parallel::end::{End, Halt};
use crate::parallel::question::Question;
use crate::parallel::terms::OnTerms;
use crate::run::judging::{Judged, Suspected};

impl<W: OnTerms<R>, K, R> Course<'_, '_, W, K, R> {
    /// Returns the most items that may be given up, if it has to be counted how many have been before the course goes on.
    pub(in crate::parallel) fn asks(&self) -> Option<u64> {
        self.question.as_ref().map(|question| match question {
            Question::Failed(_, _, it) => it.most,
            Question::Suspected(_, _, most) => *most,
        })
    }

    /// Goes on with the number of items that have been given up.
    pub(in crate::parallel) fn counted(&mut self, count: Result<u64, Error>) {
        match self.question.take() {
            Some(Question::Failed(index, failed, it)) => {
                let verdict = call(|| self.handing.decide(*it, count));
                self.judged(index, failed, verdict);
            }
            Some(Question::Suspected(index, it, _)) => self.suspected(index, &it, Some(count)),
            None => {}
        }
    }

    /// Looks at an item after a run that died. The item is given up if it has killed the process too often. Otherwise
    /// it begins once it is saved that it is about to begin.
    pub(super) fn look_at(&mut self, index: u64) {
        self.handing.attend(index, Vec::new());
        match self.terms.suspected(self.handing.run()) {
            Some(it) if let Some(most) = it.most => {
                self.question = Some(Question::Suspected(index, it, most));
            }
            Some(it) => self.suspected(index, &it, None),
            None => self.begins(index),
        }
    }

    fn suspected(&mut self, index: u64, it: &Suspected, count: Option<Result<u64, Error>>) {
        match call(|| self.handing.gives_up(it, count)) {
            Ok(true) => self.complete(index),
            Ok(false) => self.begins(index),
            Err(panic) => {
                let notes = Box::new(Notes::take());
                self.state.halt.get_or_insert(Halt::Panic(panic, notes));
                self.handing.turn_away();
            }
        }
    }

    /// Lets an item begin once it is saved that it is about to.
    fn begins(&mut self, index: u64) {
        self.waiting.insert(index, Instant::now());
        self.state.is_to_save = true;
        self.handing.turn_away();
    }

    /// Judges an item that has failed.
    pub(super) fn failed(&mut self, index: u64, failed: Outcome<R>) {
        match call(|| self.terms.ask(self.handing.run(), &failed)) {
            Ok(Judged::GivenUp(it)) => self.question = Some(Question::Failed(index, failed, it)),
            Ok(Judged::As(verdict)) => self.judged(index, failed, Ok(verdict)),
            // `on_error` has panicked.
            Err(panic) => self.end(index, End::Failed(Err(panic), Box::new(Notes::take()))),
        }
    }

    /// Goes on with the verdict on an item that has failed, or with the panic of a hook that was told of it.
    fn judged(&mut self, index: u64, failed: Outcome<R>, verdict: Outcome<Verdict>) {
        let notes = || Box::new(Notes::take());
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(panic) => return self.end(index, End::Failed(Err(panic), notes())),
        };
        if verdict.is_next() {
            return self.complete(index);
        }
        let Verdict::Again(pause) = verdict else {
            return self.end(index, End::Failed(failed, notes()));
        };
        // Notes of a failure that is tried again are of no use.
        drop(notes());
        if let Some(item) = self.in_flight.get_mut(index) {
            item.tried += 1;
            self.waiting.insert(index, Instant::now() + pause);
        }
        self.state.is_to_save = true;
        self.handing.turn_away();
    }
}
