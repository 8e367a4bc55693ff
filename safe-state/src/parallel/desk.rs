//! The caller's side of an exchange: which places are free, and which items are in the others.

use std::collections::VecDeque;
use std::time::Duration;

use tracing::Span;

use super::exchange::Exchange;
use super::task::{Done, Task};

/// An item on its way to a thread.
#[derive(Debug)]
pub(super) struct Sent<T> {
    pub(super) task: Task<T>,
    pub(super) span: Span,
}

/// The caller's side of an exchange.
#[derive(Debug)]
pub(super) struct Desk<'e, T, V, R> {
    exchange: &'e Exchange<Sent<T>, Done<V, R>>,
    free: Vec<u32>,
    /// The index of the item in each place, and whether the item was tried before.
    items: Box<[(u64, bool)]>,
    /// Tasks that were taken back, in their order.
    back: VecDeque<Sent<T>>,
    told: Vec<(u32, Done<V, R>)>,
}

impl<'e, T, V, R> Desk<'e, T, V, R> {
    /// Creates the only desk of the exchange.
    pub(super) fn new(exchange: &'e Exchange<Sent<T>, Done<V, R>>) -> Self {
        let items = vec![(0, false); exchange.places()].into();
        let free = (0..).take(exchange.places()).collect();
        Desk { exchange, free, items, back: VecDeque::new(), told: Vec::new() }
    }

    /// Gives a task to the threads.
    ///
    /// # Panics
    ///
    /// If there are more tasks than places.
    pub(super) fn give(&mut self, sent: Sent<T>) {
        let place = self.free.pop().expect("no more tasks are given than there are places");
        self.items[place as usize] = (sent.task.index, sent.task.is_again);
        self.exchange.put(place, sent);
        self.exchange.give(&[place]);
    }

    /// Takes the tasks back that no thread has taken. Returns how many there are.
    pub(super) fn take_back(&mut self) -> usize {
        let mut taken = VecDeque::new();
        while let Some((place, sent)) = self.exchange.take_back() {
            self.free.push(place);
            taken.push_back(sent);
        }
        let count = taken.len();
        taken.append(&mut self.back);
        self.back = taken;
        count
    }

    /// Returns whether tasks were taken back, and not given again.
    pub(super) fn has_any_back(&self) -> bool {
        !self.back.is_empty()
    }

    /// Returns the first task that was taken back, of an item before `bound`.
    pub(super) fn give_back(&mut self, bound: u64) -> Option<Sent<T>> {
        let at = self.back.iter().position(|sent| sent.task.index < bound)?;
        self.back.remove(at)
    }

    /// Returns the first item that was handed out and has not begun; the highest number if there is none.
    pub(super) fn unbegun(&self) -> u64 {
        let waits = self.exchange.first(|place| !self.items[place as usize].1);
        let waits = waits.map(|place| self.items[place as usize].0);
        let back = self.back.iter().find(|sent| !sent.task.is_again).map(|sent| sent.task.index);
        waits.into_iter().chain(back).min().unwrap_or(u64::MAX)
    }

    /// Adds the items to `ended` whose bodies have come to their end, and returns the other results.
    pub(super) fn collect(&mut self, ended: &mut Vec<u64>) -> impl Iterator<Item = Done<V, R>> {
        let Desk { exchange, free, items, told, .. } = self;
        let has_ended = |place| {
            free.push(place);
            ended.push(items[place as usize].0);
        };
        exchange.collect(has_ended, told);
        told.drain(..).map(|(place, done)| {
            free.push(place);
            done
        })
    }
}

impl<T, V, R> Desk<'_, T, V, R> {
    /// Lets threads take tasks again.
    pub(super) fn open(&self) {
        self.exchange.open();
    }

    /// Waits for a result; with no more than `left` tasks left to be taken, also for a body that has come to its end.
    /// Waits for at most `patience`.
    pub(super) fn wait(&self, left: u64, patience: Duration) {
        self.exchange.set_brisk(left < u64::MAX);
        self.exchange.wait(left, patience);
    }
}
