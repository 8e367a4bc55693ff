//! Bodies as futures, which are polled within the caller's task, even while it saves or waits.

use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use tracing::Instrument;
use tracing::instrument::Instrumented;

use super::captures::Captures;
use super::course::Course;
use super::feed::{Feed, Keeps};
use super::grace;
use super::in_flight::UnderWay;
use super::offered::{Offered, OfferedItems};
use super::task::{Done, Task};
use super::terms::{OnTerms, Terms};
use crate::Error;
use crate::attempt::{Flow, Outcome};
use crate::failure::outcome::Failing;
use crate::items::identity::Identity;
use crate::run::Run;
use crate::run::handing::Handing;
use crate::run::judging::{Judged, Suspected};
use crate::run::tally::Tally;

/// Returns `body`. The call tells the compiler which items the body takes.
pub fn typed<F, R, B>(_: &F, _: fn(Error) -> R, body: B) -> B
where
    F: Feed,
    B: AsyncFn(F::Item, Arc<Captures>) -> Result<Flow<R>, Outcome<R>>,
{
    body
}

/// Runs `body` on the items of `feed`, as futures.
///
/// # Errors
///
/// The failure of an item that ends the loop; if several fail, that of the item with the lowest index.
pub async fn as_futures<F, B, K, R, C, J, L, A, G>(
    feed: &mut F,
    tally: &mut Tally<'_>,
    on_error: fn(Error) -> R,
    keep: fn(F::Item) -> K,
    terms: Terms<C, J, L, A, G>,
    body: impl Fn(F::Item, Arc<Captures>) -> B,
) -> Result<Flow<R>, Outcome<R>>
where
    F: Feed,
    B: Future<Output = Result<Flow<R>, Outcome<R>>>,
    K: Keeps<F::Item>,
    C: FnMut(&mut Run) -> Result<(), Error>,
    J: FnMut(&mut Run, &Outcome<R>) -> Judged,
    L: Fn(&Outcome<R>) -> Failing,
    A: Fn(u32) -> bool,
    G: FnMut(&mut Run) -> Option<Suspected>,
{
    let head = pin!(pending());
    drive(feed, (head, None), tally, on_error, keep, terms, body).await
}

/// Runs `body` on the items that a loop's head gives, as futures.
///
/// # Errors
///
/// The failure of an item that ends the loop; if several fail, that of the item with the lowest index.
pub async fn as_futures_of_stream<T, I, H, B, K, R, C, J, L, A, G>(
    (feed, head): (&mut OfferedItems<'_, T, I>, H),
    tally: &mut Tally<'_>,
    on_error: fn(Error) -> R,
    keep: fn(T) -> K,
    terms: Terms<C, J, L, A, G>,
    body: impl Fn(T, Arc<Captures>) -> B,
) -> Result<Flow<R>, Outcome<R>>
where
    I: Identity<T>,
    H: Future<Output = ()>,
    B: Future<Output = Result<Flow<R>, Outcome<R>>>,
    K: Keeps<T>,
    C: FnMut(&mut Run) -> Result<(), Error>,
    J: FnMut(&mut Run, &Outcome<R>) -> Judged,
    L: Fn(&Outcome<R>) -> Failing,
    A: Fn(u32) -> bool,
    G: FnMut(&mut Run) -> Option<Suspected>,
{
    let (given, head) = (feed.given, pin!(head));
    drive(feed, (head, Some(given)), tally, on_error, keep, terms, body).await
}

async fn drive<T, H, B, K, R, W>(
    feed: &mut impl Feed<Item = T>,
    (head, given): (Pin<&mut H>, Option<&Offered<T>>),
    tally: &mut Tally<'_>,
    on_error: fn(Error) -> R,
    keep: fn(T) -> K,
    terms: W,
    body: impl Fn(T, Arc<Captures>) -> B,
) -> Result<Flow<R>, Outcome<R>>
where
    H: Future<Output = ()>,
    B: Future<Output = Result<Flow<R>, Outcome<R>>>,
    K: Keeps<T>,
    W: OnTerms<R>,
{
    Handing::begin(tally, terms.most());
    let mut handing = Handing::of(tally);
    let (limit, marks) = (&handing.limit_of_item(), &handing.end_marks());
    let course = Course::new(handing, terms);
    let holds = |done: &Done<Flow<R>, R>| !matches!(done.came, Ok(Flow::Next));
    let under_way = UnderWay::new(head, given, holds);
    let mut driven = Driven { course, under_way, ended: Vec::new(), without_yield: 0 };
    let body = |Task { index, item, is_timed, .. }| {
        let captures = Arc::new(Captures::default());
        let body = body(item, Arc::clone(&captures));
        Box::pin(async move {
            let mut body = pin!(body);
            let came = match limit {
                None => body.await,
                Some(limit) => {
                    let came = limit.run_async(body.as_mut()).await;
                    came.unwrap_or_else(|error| Err(Ok(on_error(error))))
                }
            };
            if matches!(came, Ok(Flow::Next)) {
                marks.ended(index);
            }
            Done::now(index, came, captures.take()).timed(is_timed)
        })
    };
    while !driven.course.is_over() {
        driven.begin(feed, keep, &body).await;
        driven.go_on().await;
    }
    driven.course.close();
    driven.save().await;
    driven.course.finish(on_error)
}

/// The future of an item's body, within the item's span.
type Body<B> = Instrumented<Pin<Box<B>>>;

/// A loop's course, and its bodies in flight. If it is dropped, bodies that have ended still complete their items.
struct Driven<'t, 'r, 'h, W, K, R, B, H, T>
where
    W: OnTerms<R>,
    B: Future<Output = Done<Flow<R>, R>>,
    H: Future<Output = ()>,
{
    course: Course<'t, 'r, W, K, R>,
    under_way: UnderWay<'h, Body<B>, Done<Flow<R>, R>, H, T>,
    /// The items whose bodies have come to their end, between two looks at them.
    ended: Vec<u64>,
    /// The number of bodies that have begun since the caller's task gave others a turn.
    without_yield: u32,
}

/// The most bodies that begin before the caller's task gives others a turn.
const TURN: u32 = 128;

impl<W, K, R, B, H, T> Driven<'_, '_, '_, W, K, R, B, H, T>
where
    W: OnTerms<R>,
    B: Future<Output = Done<Flow<R>, R>>,
    H: Future<Output = ()>,
{
    /// Begins the bodies of as many items as may begin now.
    async fn begin(
        &mut self,
        feed: &mut impl Feed<Item = T>,
        keep: fn(T) -> K,
        body: &impl Fn(Task<T>) -> Pin<Box<B>>,
    ) where
        K: Keeps<T>,
    {
        let Driven { course, under_way, without_yield, .. } = self;
        poll_fn(|context| {
            if *without_yield >= TURN {
                *without_yield = 0;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            // What has ended may end the loop. Then nothing begins before that is judged.
            while !under_way.is_held()
                && let Some(task) = course.next(feed, (keep, 0))
            {
                *without_yield += 1;
                let span = course.handing.span_of(task.index);
                under_way.begin_now(body(task).instrument(span), context);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Takes in what came of the bodies that have ended.
    async fn take_in(&mut self) {
        let mut told = VecDeque::new();
        while let Some(done) = self.under_way.take_ended() {
            if done.is_plain() { self.ended.push(done.index) } else { told.push_back(done) }
        }
        self.course.all_ended(&self.ended);
        self.ended.clear();
        self.under_way.put_back(told);
        while let Some(done) = self.under_way.take_ended() {
            self.course.ended(done);
            self.count().await;
        }
    }

    /// Saves if that is due, obeys a request if nothing runs any more, or waits for what comes next.
    async fn go_on(&mut self) {
        self.count().await;
        let grace = self.course.handing.grace().unwrap_or(grace::OF_FUTURES);
        if self.under_way.none_has_ended() && self.course.is_out_of_time(grace) {
            self.under_way.drop_bodies();
            self.course.let_go();
        }
        if self.course.take_to_obey() {
            self.save().await;
            if let Err(error) = self.course.handing.run().obey_async().await {
                self.course.fail(error);
            }
            return;
        }
        if self.save().await || self.course.is_over() {
            return;
        }
        let Driven { course, under_way, without_yield, .. } = &mut *self;
        if under_way.none_has_ended() {
            let (is_wanted, patience) = (course.wants_item(), course.patience(Instant::now()));
            if under_way.next_or(is_wanted, course.handing.sleep(patience)).await {
                *without_yield = 0;
            }
            if course.running() == 0 {
                course.handing.waits();
            }
        }
        self.take_in().await;
        let Driven { course, under_way, .. } = self;
        let saves = under_way.beside(course.handing.run().poll_requests_async()).await;
        course.is_to_save(saves);
    }

    /// Counts how many items have been given up, if the course asks for that.
    async fn count(&mut self) {
        let Driven { course, under_way, .. } = self;
        if let Some(most) = course.asks() {
            let count = under_way.beside(course.handing.given_up_async(most)).await;
            course.counted(count);
        }
    }

    /// Saves, if a save is due. Returns whether it was.
    async fn save(&mut self) -> bool {
        let Some(run) = self.course.begin_save() else { return false };
        match self.under_way.beside(run.save_async()).await {
            Ok(()) => self.course.saved(),
            Err(error) => self.course.fail(error),
        }
        true
    }
}

impl<W, K, R, B, H, T> Drop for Driven<'_, '_, '_, W, K, R, B, H, T>
where
    W: OnTerms<R>,
    B: Future<Output = Done<Flow<R>, R>>,
    H: Future<Output = ()>,
{
    fn drop(&mut self) {
        while let Some(done) = self.under_way.take_ended() {
            self.course.dropped(done);
        }
    }
}
