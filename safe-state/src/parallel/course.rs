//! The course of a loop whose items run side by side: what is handed out when, what becomes of an item that has ended,
//! and what the loop ends with. The course waits for nothing, and runs no body.
//!
//! Whether an item that has failed, or may have killed the process, is given up may depend on how many all workers of a
//! shared job have given up, which takes long to count. So the course asks, and goes on with the answer.

mod handing_out;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::end::{End, Ends, Halt};
use super::grace::Grace;
use super::question::Question;
use super::task::Done;
use super::terms::OnTerms;
use crate::Error;
use crate::ascending::Ascending;
use crate::attempt::{Flow, Outcome, call};
use crate::control::pacing::LOOK;
use crate::failure::Verdict;
use crate::failure::notes::Notes;
use crate::failure::outcome::{Failed, Failing};
use crate::run::Run;
use crate::run::handing::Handing;
use crate::run::judging::{Judged, Suspected};

/// The course of one loop.
#[derive(Debug)]
pub(super) struct Course<'t, 'r, W, K, R> {
    pub(super) handing: Handing<'t, 'r>,
    terms: W,
    /// The items in flight, by their indices.
    in_flight: Ascending<Item<K>>,
    /// The items in flight that wait for another attempt, with the times from which they may be tried again.
    waiting: BTreeMap<u64, Instant>,
    /// The number of items that run, or are about to.
    running: usize,
    ends: Ends<R>,
    /// An item that may have to be given up, until it is known how many have been.
    question: Option<Question<R>>,
    state: State,
}

/// An item in flight.
#[derive(Debug)]
struct Item<K> {
    kept: K,
    tried: u32,
}

/// The state of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Input {
    /// The input may have more items.
    #[default]
    More,
    /// The input has more items, but the next one has to be waited for.
    Later,
    Nothing,
}

/// The state of the course between two items.
#[derive(Debug, Default)]
struct State {
    input: Input,
    /// Whether the run is to stop, or to obey a request, once no item runs any more.
    is_to_obey: bool,
    /// Whether a save is wanted, whatever the schedule says.
    is_to_save: bool,
    grace: Grace,
    /// The time before which no new item is handed out.
    waits_until: Option<Instant>,
    /// Whether each item is timed.
    is_timed: bool,
    /// The reason why the loop can't go on, whatever its items do.
    halt: Option<Halt>,
}

impl<'t, 'r, W: OnTerms<R>, K, R> Course<'t, 'r, W, K, R> {
    pub(super) fn new(mut handing: Handing<'t, 'r>, terms: W) -> Self {
        let (in_flight, waiting) = (Ascending::default(), BTreeMap::new());
        let state = State { is_timed: handing.times_items(), ..State::default() };
        let ends = Ends::default();
        Course { handing, terms, in_flight, waiting, running: 0, ends, question: None, state }
    }

    /// Returns how many items run, or are about to.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Returns whether the next item of the input has to be waited for.
    pub(super) fn wants_item(&self) -> bool {
        self.state.input == Input::Later
    }

    /// Returns whether nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        self.running == 0
            && self.in_flight.first().is_none_or(|first| first >= self.bound())
            && (self.is_closing() || self.state.input == Input::Nothing)
    }

    /// Returns whether no item is handed out any more.
    fn is_closing(&self) -> bool {
        self.state.halt.is_some() || !self.ends.are_none()
    }

    /// Returns the index below which items are begun, or tried again: after a `break` or `return`, the items before it
    /// have to be done. After a failure no item is begun.
    pub(super) fn bound(&self) -> u64 {
        if self.state.halt.is_some() { 0 } else { self.ends.bound() }
    }

    /// Ends the run with `error` once no item runs any more. The first error counts.
    pub(super) fn fail(&mut self, error: Error) {
        self.state.halt.get_or_insert(Halt::Error(error));
    }

    /// Removes an item that could not be run, because no thread could be started.
    pub(super) fn not_run(&mut self, index: u64) {
        self.running -= 1;
        self.in_flight.remove(index);
    }

    /// Completes items whose bodies have only come to their end.
    pub(super) fn all_ended(&mut self, items: &[u64]) {
        self.running -= items.len();
        for index in items {
            self.in_flight.remove(*index);
        }
        self.handing.complete_all(items);
    }

    /// Judges the result of an item: the item is complete, tried again, or ends the loop.
    pub(super) fn ended(&mut self, done: Done<Flow<R>, R>) {
        let Done { index, came, notes, captured, ended_at } = done;
        self.running -= 1;
        if let Some(at) = ended_at {
            self.handing.ended_at(index, at);
        }
        self.handing.attend(index, captured);
        match came {
            Ok(Flow::Next) => self.complete(index),
            Ok(flow) => self.end(index, End::Left(flow)),
            Err(failed) => {
                if let Some(notes) = notes {
                    notes.put_back();
                }
                self.failed(index, failed);
            }
        }
    }

    /// Completes the item if its body has reached its end; ignores any other outcome, as the loop's future is dropped.
    pub(super) fn dropped(&mut self, done: Done<Flow<R>, R>) {
        if matches!(done.came, Ok(Flow::Next)) {
            self.ended(done);
        }
    }

    fn complete(&mut self, index: u64) {
        self.in_flight.remove(index);
        // The caller asks after each item what is due, so the answer is not needed.
        let _ = self.handing.complete_item();
    }

    fn end(&mut self, index: u64, end: End<R>) {
        self.in_flight.remove(index);
        self.ends.add(index, end);
        self.handing.turn_away();
    }

    /// Returns how long to wait for an item to end before other work is looked for: at most [`LOOK`].
    pub(super) fn patience(&mut self, now: Instant) -> Duration {
        if self.state.is_to_obey {
            return LOOK;
        }
        let next = self.state.waits_until.filter(|_| self.may_hand_out(0));
        let again = self.waiting.range(..self.bound()).map(|(_, until)| *until);
        let next = again.chain(next).min();
        let until = next.map(|next| next.saturating_duration_since(now));
        until.map_or(LOOK, |until| until.min(LOOK))
    }

    /// Notes whether what is complete has to be saved.
    pub(super) fn is_to_save(&mut self, saves: bool) {
        self.state.is_to_save |= saves;
    }

    /// Returns whether a save is wanted.
    pub(super) fn wants_save(&self) -> bool {
        self.state.is_to_save
    }

    /// Notes that all items have ended. If the loop ends early, what is complete is saved before the run ends: after
    /// that, the values of carried variables may no longer match.
    pub(super) fn close(&mut self) {
        self.state.is_to_save |= self.is_closing();
    }

    /// Returns whether the run is to end, and the items in flight have gone on for `grace` since.
    pub(super) fn is_out_of_time(&mut self, grace: Duration) -> bool {
        let waits = self.state.is_to_obey && self.running > 0;
        waits && self.state.grace.is_over(&mut self.handing, grace)
    }

    /// Notes that the bodies of all items in flight were dropped.
    pub(super) fn let_go(&mut self) {
        self.running = 0;
    }

    /// Returns the run for a save, with the carried variables taken; `None` if no save is wanted.
    pub(super) fn begin_save(&mut self) -> Option<&mut Run> {
        if !std::mem::take(&mut self.state.is_to_save) {
            return None;
        }
        match self.terms.carry(self.handing.run()) {
            Ok(()) => Some(self.handing.run()),
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    /// Notes that a save was made, or a record in the page.
    pub(super) fn saved(&mut self) {
        // Until the run has looked for an item that kills the process, it saves before each item.
        let may_open = !self.looks_out();
        self.handing.saved(may_open);
    }

    /// Returns whether the run now has to stop or to obey a request, because no item runs any more. If the items have
    /// ended the loop, it is left first: a failure then ends the run as a failure.
    pub(super) fn take_to_obey(&mut self) -> bool {
        let is_left = self.is_closing() && self.is_over();
        let obeys = self.running == 0 && !is_left && std::mem::take(&mut self.state.is_to_obey);
        self.state.is_to_save |= obeys;
        obeys
    }

    /// Ends the process, as items go on whose threads can't be stopped. What has failed meanwhile is saved with what is
    /// complete. Returns if the run is not to end after all.
    pub(super) fn end_process(&mut self, on_error: fn(Error) -> R) {
        let Err(stopped) = self.handing.run().obey() else { return };
        let failing = match self.finish(on_error) {
            Err(failed) => self.terms.failing(&failed),
            Ok(Flow::Return(returned)) => self.terms.failing(&Ok(returned)),
            Ok(Flow::Next | Flow::Exit(_)) => Failing::No,
        };
        self.handing.run().end_process(&stopped, failing);
    }

    /// Returns what the loop ends with, now that all items have ended.
    ///
    /// # Errors
    ///
    /// The failure of the item with the lowest index, if that item ended the loop by failing.
    pub(super) fn finish(&mut self, on_error: fn(Error) -> R) -> Result<Flow<R>, Outcome<R>> {
        // An item with a lower index that still waits for another attempt has to be done first.
        let has_come = |index| self.in_flight.first().is_none_or(|first| first >= index);
        let first = self.ends.take_first();
        let first = first.filter(|(index, end)| matches!(end, End::Failed(..)) || has_come(*index));
        let fails = matches!(first, Some((_, End::Failed(..))));
        let beside = self.ends.failures().filter(|_| fails);
        let beside: Vec<(u64, Failing)> =
            beside.map(|(index, it)| (index, self.terms.failing(it))).collect();
        for (index, failing) in beside {
            if let Failing::Yes(Failed { failure, .. }) = failing {
                self.handing.failed_beside(index, failure.message());
            }
        }
        // Notes that are left belong to other failures than the one that is returned.
        drop(Notes::take());
        match (first, self.state.halt.take()) {
            (Some((index, End::Failed(failed, notes))), _) => {
                self.handing.attend(index, Vec::new());
                notes.put_back();
                Err(failed)
            }
            (Some((index, End::Left(flow))), _) => {
                if matches!(flow, Flow::Return(_)) {
                    self.handing.attend(index, Vec::new());
                    self.handing.returning();
                }
                Ok(flow)
            }
            (None, Some(Halt::Error(error))) => Ok(Flow::Return(on_error(error))),
            (None, Some(Halt::Panic(panic, notes))) => {
                notes.put_back();
                Err(Err(panic))
            }
            (None, None) => Ok(Flow::Next),
        }
    }

    /// Returns the most items that may be given up, if it has to be counted how many have been before the course goes on.
    pub(super) fn asks(&self) -> Option<u64> {
        self.question.as_ref().map(|question| match question {
            Question::Failed(_, _, it) => it.most,
            Question::Suspected(_, _, most) => *most,
        })
    }

    /// Goes on with the number of items that have been given up.
    pub(super) fn counted(&mut self, count: Result<u64, Error>) {
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
    fn look_at(&mut self, index: u64) {
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
    fn failed(&mut self, index: u64, failed: Outcome<R>) {
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

#[cfg(test)]
mod tests;
