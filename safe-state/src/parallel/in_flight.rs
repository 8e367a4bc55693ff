//! Futures that are waited for together: bodies, the head that gives items, and what the run itself waits for.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_util::stream::{FuturesUnordered, StreamExt};

use super::offered::Offered;

/// The futures that are waited for: the bodies under way, and the head of a loop that has to wait for its items.
pub(super) struct UnderWay<'h, B, D, H, T> {
    bodies: FuturesUnordered<B>,
    ended: VecDeque<D>,
    head: Pin<&'h mut H>,
    /// The place where the head puts its items; `None` if the head need not be polled.
    given: Option<&'h Offered<T>>,
    /// Tells of a result whether nothing is to begin before it is taken.
    holds: fn(&D) -> bool,
    /// Whether a result that was not taken yet holds what has not begun.
    is_held: bool,
}

impl<'h, B, D, H, T> UnderWay<'h, B, D, H, T>
where
    B: Future<Output = D>,
    H: Future<Output = ()>,
{
    pub(super) fn new(
        head: Pin<&'h mut H>,
        given: Option<&'h Offered<T>>,
        holds: fn(&D) -> bool,
    ) -> Self {
        let (bodies, ended) = (FuturesUnordered::new(), VecDeque::new());
        UnderWay { bodies, ended, head, given, holds, is_held: false }
    }

    /// Returns whether a result that was not taken yet holds what has not begun.
    pub(super) fn is_held(&self) -> bool {
        self.is_held
    }

    fn has_ended(&mut self, done: D) {
        self.is_held |= (self.holds)(&done);
        self.ended.push_back(done);
    }

    /// Begins a body.
    pub(super) fn begin(&mut self, body: B) {
        self.bodies.push(body);
    }

    /// Begins a body, and polls it once: most short bodies have then ended.
    pub(super) fn begin_now(&mut self, mut body: B, context: &mut Context<'_>)
    where
        B: Unpin,
    {
        match Pin::new(&mut body).poll(context) {
            Poll::Ready(done) => self.has_ended(done),
            Poll::Pending => self.bodies.push(body),
        }
    }

    /// Puts results back before the others.
    pub(super) fn put_back(&mut self, mut ended: VecDeque<D>) {
        ended.append(&mut self.ended);
        self.ended = ended;
    }

    /// Drops the bodies under way.
    pub(super) fn drop_bodies(&mut self) {
        self.bodies.clear();
    }

    pub(super) fn none_has_ended(&self) -> bool {
        self.ended.is_empty()
    }

    /// Takes the result of a body that has ended.
    pub(super) fn take_ended(&mut self) -> Option<D> {
        let taken = self.ended.pop_front();
        self.is_held &= !self.ended.is_empty();
        taken
    }

    /// Polls the bodies that have been woken.
    fn poll(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some(done)) = self.bodies.poll_next_unpin(context) {
            self.has_ended(done);
        }
    }

    /// Waits for `other`, and polls the bodies meanwhile.
    pub(super) async fn beside<O>(&mut self, other: impl Future<Output = O>) -> O {
        let mut other = pin!(other);
        poll_fn(|context| {
            self.poll(context);
            other.as_mut().poll(context)
        })
        .await
    }

    /// Waits until a body has ended, the head has given the item that `is_wanted` asks for, or `other` has ended. Returns whether
    /// the caller's task gave others a turn meanwhile.
    pub(super) async fn next_or(
        &mut self,
        is_wanted: bool,
        other: impl Future<Output = ()>,
    ) -> bool {
        let mut has_waited = false;
        let mut other = pin!(other);
        let given = self.given.filter(|_| is_wanted);
        given.into_iter().for_each(Offered::want);
        poll_fn(|context| {
            self.poll(context);
            if let Some(given) = given {
                // The head is not polled again once it has given its last item.
                let _ = given.is_there() || self.head.as_mut().poll(context).is_ready();
                if given.is_there() {
                    return Poll::Ready(());
                }
            }
            if !self.ended.is_empty() {
                return Poll::Ready(());
            }
            let polled = other.as_mut().poll(context);
            has_waited |= polled.is_pending();
            polled
        })
        .await;
        has_waited
    }
}
