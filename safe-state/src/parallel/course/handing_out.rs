//! What is handed out: the next item of the input, an item that is tried again, or nothing for now.

use std::time::Instant;

use super::{Course, Halt, Input, Item};
use crate::attempt::call;
use crate::control::pacing::Look;
use crate::failure::notes::Notes;
use crate::items::Step;
use crate::parallel::feed::{Feed, Keeps};
use crate::parallel::task::Task;
use crate::parallel::terms::OnTerms;

impl<W: OnTerms<R>, K, R> Course<'_, '_, W, K, R> {
    /// Returns the next item to be run; `None` if none can begin now. Up to `ahead` more items than may run at once are
    /// handed out, for which there is no thread yet. A panic in here, as of the iterator, ends the loop
    /// once no item runs any more.
    pub(in crate::parallel) fn next<T>(
        &mut self,
        feed: &mut impl Feed<Item = T>,
        (keep, ahead): (fn(T) -> K, usize),
    ) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        call(|| self.pull(feed, keep, ahead)).unwrap_or_else(|panic| {
            let notes = Box::new(Notes::take());
            self.state.halt.get_or_insert(Halt::Panic(panic, notes));
            self.handing.turn_away();
            None
        })
    }

    fn pull<T>(
        &mut self,
        feed: &mut impl Feed<Item = T>,
        keep: fn(T) -> K,
        ahead: usize,
    ) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        if self.state.input == Input::Later {
            self.state.input = Input::More;
        }
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(task) = self.try_again() {
                return Some(task);
            }
            if !self.may_hand_out(ahead) || !self.may_go_on(feed, ahead) {
                return None;
            }
            let next = feed.next(&mut self.handing);
            if next.is_none() {
                self.state.input = Input::Later;
            }
            match next? {
                Step::Item(item) => {
                    let index = self.handing.last();
                    self.in_flight.insert(index, Item { kept: keep(item), tried: 0 });
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

    /// Returns whether no item begins for now.
    fn is_stopped(&mut self) -> bool {
        // A reason to stop counts also where no item begins in any case, as what is in flight may go on for ever.
        self.state.is_to_obey = self.state.is_to_obey
            || self.handing.is_asked()
            || (self.terms.is_watched() && self.handing.is_to_stop(Instant::now()));
        self.state.is_to_obey || self.state.is_to_save || self.bound() == 0
    }

    /// Returns whether tasks that have not begun are to be taken back. Without items that are handed out `ahead`, that
    /// is only when the loop ends early: otherwise there is a thread for each task.
    pub(in crate::parallel) fn wants_back(&self, ahead: bool) -> bool {
        self.is_closing() || (ahead && (self.state.is_to_obey || !self.waiting.is_empty()))
    }

    /// Notes that `count` tasks have been taken back.
    pub(in crate::parallel) fn took_back(&mut self, count: usize) {
        self.running -= count;
    }

    /// Returns whether a task that was taken back may be given again now. If so, the task is one that runs.
    pub(in crate::parallel) fn gives_back(&mut self) -> bool {
        let may_begin = !self.is_stopped() && self.running + self.waiting.len() < self.terms.most();
        self.running += usize::from(may_begin);
        may_begin
    }

    /// Returns an item that is tried again now; `None` if there is none, or no item may begin.
    pub(in crate::parallel) fn again<T>(&mut self) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        if self.is_stopped() { None } else { self.try_again() }
    }

    /// Returns whether there may be another item, and room for it.
    pub(super) fn may_hand_out(&mut self, ahead: usize) -> bool {
        let most = if self.looks_out() { 1 } else { self.terms.most() };
        let ahead = if self.waiting.is_empty() && !self.looks_out() { ahead } else { 0 };
        let has_room = self.in_flight.len() < most + ahead;
        has_room && self.state.input != Input::Nothing && !self.is_closing()
    }

    /// Returns whether the run looks out for an item that kills the process: then the items go one by one.
    pub(super) fn looks_out(&mut self) -> bool {
        self.terms.looks_out() && self.handing.run().is_cautious()
    }

    /// Returns whether the next item may begin now. Items for which there is no thread yet are not paced.
    fn may_go_on<T>(&mut self, feed: &impl Feed<Item = T>, ahead: usize) -> bool {
        if !self.terms.is_watched() || ahead > 0 {
            return true;
        }
        let now = Instant::now();
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
    fn try_again<T>(&mut self) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        if self.waiting.is_empty() {
            return None;
        }
        let now = Instant::now();
        let mut waiting = self.waiting.range(..self.bound());
        let index = *waiting.find(|(_, until)| **until <= now)?.0;
        self.take(index)
    }

    fn take<T>(&mut self, index: u64) -> Option<Task<T>>
    where
        K: Keeps<T>,
    {
        let item = self.in_flight.get_mut(index)?;
        let is_again = !self.waiting.is_empty() && self.waiting.remove(&index).is_some();
        let may_try_again = self.terms.may_try_again(item.tried);
        self.running += 1;
        let item = item.kept.take(may_try_again);
        Some(Task { index, item, is_timed: self.state.is_timed, is_again })
    }
}
