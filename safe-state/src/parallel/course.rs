//! The course of a loop whose items run side by side: what is handed out when, what becomes of an item that has ended,
//! and what the loop ends with. The course waits for nothing, and runs no body.

mod counting;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::end::{End, Ends, Halt};
use super::feed::{Feed, Keeps};
use super::question::Question;
use super::task::{Done, Task};
use super::terms::OnTerms;
use crate::Error;
use crate::attempt::{Flow, Outcome, call};
use crate::control::pacing::{LOOK, Look};
use crate::failure::notes::Notes;
use crate::failure::outcome::{Failed, Failing};
use crate::items::Step;
use crate::run::Run;
use crate::run::handing::Handing;

/// The course of one loop.
#[derive(Debug)]
pub(super) struct Course<'t, 'r, W, K, R> {
    pub(super) handing: Handing<'t, 'r>,
    terms: W,
    /// The items in flight, by their indices.
    in_flight: BTreeMap<u64, Item<K>>,
    /// The number of items that run; the other items in flight wait for another attempt.
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
    /// The time from which the item may be tried again, while it waits for that.
    waits_until: Option<Instant>,
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
    /// The time before which no new item is handed out.
    waits_until: Option<Instant>,
    /// Whether each item is timed.
    is_timed: bool,
    /// The reason why the loop can't go on, whatever its items do.
    halt: Option<Halt>,
}

impl<'t, 'r, W: OnTerms<R>, K, R> Course<'t, 'r, W, K, R> {
    pub(super) fn new(mut handing: Handing<'t, 'r>, terms: W) -> Self {
        let (in_flight, ends) = (BTreeMap::new(), Ends::default());
        let state = State { is_timed: handing.times_items(), ..State::default() };
        Course { handing, terms, in_flight, running: 0, ends, question: None, state }
    }

    /// Returns how many items run.
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
            && self.in_flight.range(..self.bound()).next().is_none()
            && (self.is_closing() || self.state.input == Input::Nothing)
    }

    /// Returns whether no item is handed out any more.
    fn is_closing(&self) -> bool {
        self.state.halt.is_some() || !self.ends.are_none()
    }

    /// Returns the index below which items are tried again: after a `break` or `return`, the items before it have to be
    /// done. After a failure no item is tried again.
    fn bound(&self) -> u64 {
        if self.state.halt.is_some() { 0 } else { self.ends.bound() }
    }

    /// Ends the run with `error` once no item runs any more. The first error counts.
    pub(super) fn fail(&mut self, error: Error) {
        self.state.halt.get_or_insert(Halt::Error(error));
    }

    /// Returns the next item to be run; `None` if none can begin now. A panic in here, as of the iterator, ends the loop
    /// once no item runs any more.
    pub(super) fn next<T>(
        &mut self,
        feed: &mut impl Feed<Item = T>,
        keep: fn(T) -> K,
    ) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        call(|| self.pull(feed, keep)).unwrap_or_else(|panic| {
            let notes = Box::new(Notes::take());
            self.state.halt.get_or_insert(Halt::Panic(panic, notes));
            self.handing.turn_away();
            None
        })
    }

    fn pull<T>(&mut self, feed: &mut impl Feed<Item = T>, keep: fn(T) -> K) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        if self.state.input == Input::Later {
            self.state.input = Input::More;
        }
        loop {
            if self.bound() == 0 || self.state.is_to_obey || self.state.is_to_save {
                return None;
            }
            if self.handing.is_asked() {
                self.state.is_to_obey = true;
                return None;
            }
            let now = Instant::now();
            if self.terms.is_watched() && self.handing.is_to_stop(now) {
                self.state.is_to_obey = true;
                return None;
            }
            if let Some(task) = self.try_again(now) {
                return Some(task);
            }
            if !self.may_hand_out() || !self.may_go_on(feed, now) {
                return None;
            }
            let next = feed.next(&mut self.handing);
            if next.is_none() {
                self.state.input = Input::Later;
            }
            match next? {
                Step::Item(item) => {
                    let index = self.handing.last();
                    let item = Item { kept: keep(item), tried: 0, waits_until: None };
                    self.in_flight.insert(index, item);
                    if !self.looks_out() {
                        return self.take(index);
                    }
                    self.look_at(index);
                    if self.question.is_some() {
                        return None;
                    }
                }
                Step::Done => self.state.input = Input::Nothing,
                Step::Failed(error) => self.fail(error),
            }
        }
    }

    /// Returns whether there may be another item, and room for it.
    fn may_hand_out(&mut self) -> bool {
        let most = if self.looks_out() { 1 } else { self.terms.most() };
        let has_room = self.in_flight.len() < most;
        has_room && self.state.input != Input::Nothing && !self.is_closing()
    }

    /// Returns whether the run looks out for an item that kills the process: then the items go one by one.
    fn looks_out(&mut self) -> bool {
        self.terms.looks_out() && self.handing.run().is_cautious()
    }

    /// Returns whether the next item may begin now.
    fn may_go_on<T>(&mut self, feed: &impl Feed<Item = T>, now: Instant) -> bool {
        if !self.terms.is_watched() {
            return true;
        }
        if self.state.waits_until.is_some_and(|until| until > now) {
            return false;
        }
        self.state.waits_until = None;
        match self.handing.run().look(feed.has_ended()) {
            None => true,
            Some(Look::Wait(time)) => {
                self.state.waits_until = Some(now + time);
                false
            }
            Some(Look::Stop) => {
                self.state.is_to_obey = true;
                false
            }
        }
    }

    /// Returns an item whose pause before another attempt is over.
    fn try_again<T>(&mut self, now: Instant) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        let is_over = |item: &Item<K>| item.waits_until.is_some_and(|until| until <= now);
        let mut tried = self.in_flight.range(..self.bound());
        let index = *tried.find(|(_, item)| is_over(item))?.0;
        self.take(index)
    }

    fn take<T>(&mut self, index: u64) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        let item = self.in_flight.get_mut(&index)?;
        item.waits_until = None;
        let may_try_again = self.terms.may_try_again(item.tried);
        self.running += 1;
        let item = item.kept.take(may_try_again);
        Some(Task { index, item, is_timed: self.state.is_timed })
    }

    /// Removes an item that could not be run, because no thread could be started.
    pub(super) fn not_run(&mut self, index: u64) {
        self.running -= 1;
        self.in_flight.remove(&index);
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
                notes.into_iter().for_each(Notes::put_back);
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
        self.in_flight.remove(&index);
        // The caller asks after each item what is due, so the answer is not needed.
        let _ = self.handing.complete_item();
    }

    fn end(&mut self, index: u64, end: End<R>) {
        self.in_flight.remove(&index);
        self.ends.add(index, end);
        self.handing.turn_away();
    }

    /// Returns how long to wait for an item to end before other work is looked for: at most [`LOOK`].
    pub(super) fn patience(&mut self, now: Instant) -> Duration {
        if self.state.is_to_obey {
            return LOOK;
        }
        let next = self.state.waits_until.filter(|_| self.may_hand_out());
        let tried = self.in_flight.range(..self.bound());
        let again = tried.filter_map(|(_, item)| item.waits_until);
        let next = again.chain(next).min();
        let until = next.map(|next| next.saturating_duration_since(now));
        until.map_or(LOOK, |until| until.min(LOOK))
    }

    /// Notes whether what is complete has to be saved.
    pub(super) fn is_to_save(&mut self, saves: bool) {
        self.state.is_to_save |= saves;
    }

    /// Notes that all items have ended. If the loop ends early, what is complete is saved before the run ends: after
    /// that, the values of carried variables may no longer match.
    pub(super) fn close(&mut self) {
        self.state.is_to_save |= self.is_closing();
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

    /// Returns whether the run now has to stop or to obey a request, because no item runs any more.
    pub(super) fn take_to_obey(&mut self) -> bool {
        let obeys = self.running == 0 && std::mem::take(&mut self.state.is_to_obey);
        self.state.is_to_save |= obeys;
        obeys
    }

    /// Returns what the loop ends with, now that all items have ended.
    ///
    /// # Errors
    ///
    /// The failure of the item with the lowest index, if that item ended the loop by failing.
    pub(super) fn finish(&mut self, on_error: fn(Error) -> R) -> Result<Flow<R>, Outcome<R>> {
        // An item with a lower index that still waits for another attempt has to be done first.
        let has_come = |index| self.in_flight.range(..index).next().is_none();
        let first = self.ends.take_first();
        let first = first.filter(|(index, end)| matches!(end, End::Failed(..)) || has_come(*index));
        let beside: Vec<(u64, Failing)> =
            self.ends.failures().map(|(index, it)| (index, self.terms.failing(it))).collect();
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
}

#[cfg(test)]
mod tests;
