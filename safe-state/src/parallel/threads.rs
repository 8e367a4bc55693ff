//! Bodies on threads, which end with the loop.

use std::thread::{Builder, Scope};
use std::time::Instant;

use tracing::Span;

use super::captures::Captures;
use super::course::Course;
use super::exchange::Exchange;
use super::feed::{Feed, Keeps};
use super::task::{Done, Task};
use super::terms::{OnTerms, Terms};
use crate::Error;
use crate::attempt::{Flow, Outcome};
use crate::failure::outcome::Failing;
use crate::observe::spans::Spans;
use crate::run::Run;
use crate::run::handing::Handing;
use crate::run::judging::{Judged, Suspected};
use crate::run::tally::Tally;

/// A type whose values can go to another thread.
#[diagnostic::on_unimplemented(
    message = "an item of this loop can't go to another thread: `{Self}` is not `Send`",
    label = "with `threads`, bodies run on other threads",
    note = "iterate over what is `Send` (`Arc` in place of `Rc`), or make the function `async` and use `concurrency`"
)]
pub trait ToThread: Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> ToThread for T {}

/// A type whose values can come back from another thread.
#[diagnostic::on_unimplemented(
    message = "what an item ends with can't come back from another thread: `{Self}` is not `Send`",
    label = "with `threads`, bodies run on other threads",
    note = "return an error that is `Send`, such as `Box<dyn Error + Send + Sync>` or `anyhow::Error`"
)]
pub trait FromThread: Send {}

#[diagnostic::do_not_recommend]
impl<T: Send> FromThread for T {}

/// An item on its way to a thread.
#[derive(Debug)]
pub(super) struct Sent<T> {
    pub(super) task: Task<T>,
    pub(super) span: Span,
}

/// Runs `body` on the items of `feed`, on threads.
///
/// # Errors
///
/// The failure of an item that ends the loop; if several fail, that of the item with the lowest index.
pub fn on_threads<F, K, R, C, J, L, A, G>(
    feed: &mut F,
    tally: &mut Tally<'_>,
    on_error: fn(Error) -> R,
    keep: fn(F::Item) -> K,
    terms: Terms<C, J, L, A, G>,
    body: impl Fn(F::Item, &Captures) -> Result<Flow<R>, Outcome<R>> + Sync,
) -> Result<Flow<R>, Outcome<R>>
where
    F: Feed<Item: ToThread>,
    K: Keeps<F::Item>,
    R: FromThread,
    C: FnMut(&mut Run) -> Result<(), Error>,
    J: FnMut(&mut Run, &Outcome<R>) -> Judged,
    L: Fn(&Outcome<R>) -> Failing,
    A: Fn(u32) -> bool,
    G: FnMut(&mut Run) -> Option<Suspected>,
{
    let spans = tally.run().spans();
    let exchange = Exchange::new();
    Handing::begin(tally, terms.most);
    let mut course = Course::new(Handing::of(tally), terms);
    std::thread::scope(|scope| {
        let _closing = exchange.closing();
        let mut threads = 0;
        while !course.is_over() {
            while let Some(task) = course.next(feed, keep) {
                if threads < course.running() {
                    match spawn(scope, &exchange, &spans, &body) {
                        Ok(()) => threads += 1,
                        // If at least one thread runs, it takes this task later.
                        Err(error) if threads == 0 => {
                            course.not_run(task.index);
                            course.fail(Error::Thread(error));
                            break;
                        }
                        Err(_) => {}
                    }
                }
                let span = course.handing.span_of(task.index);
                exchange.give(Sent { task, span });
            }
            go_on(&mut course, &exchange);
        }
        course.close();
        save(&mut course);
    });
    course.finish(on_error)
}

/// Saves if that is due, obeys a request if nothing runs any more, or waits for what comes next.
fn go_on<T, W: OnTerms<R>, K, R>(
    course: &mut Course<'_, '_, W, K, R>,
    exchange: &Exchange<Sent<T>, Done<Flow<R>, R>>,
) {
    count(course);
    if course.take_to_obey() {
        save(course);
        if let Err(error) = course.handing.run().obey() {
            course.fail(error);
        }
        return;
    }
    if save(course) {
        return;
    }
    let patience = course.patience(Instant::now());
    if course.running() == 0 {
        std::thread::sleep(patience);
        course.handing.waits();
    } else {
        for done in exchange.await_done(patience) {
            course.ended(done);
            count(course);
        }
    }
    let saves = course.handing.run().poll_requests();
    course.is_to_save(saves);
}

/// Counts how many items have been given up, if the course asks for that.
fn count<W: OnTerms<R>, K, R>(course: &mut Course<'_, '_, W, K, R>) {
    if let Some(most) = course.asks() {
        let count = course.handing.given_up(most);
        course.counted(count);
    }
}

/// Saves, if a save is due. Returns whether it was.
fn save<W: OnTerms<R>, K, R>(course: &mut Course<'_, '_, W, K, R>) -> bool {
    let Some(run) = course.begin_save() else { return false };
    if let Err(error) = run.save() {
        course.fail(error);
    }
    true
}

/// Starts a thread that runs bodies until the exchange is closed.
pub(super) fn spawn<'s, T: Send, V: Send, R: Send>(
    scope: &'s Scope<'s, '_>,
    exchange: &'s Exchange<Sent<T>, Done<V, R>>,
    spans: &'s Spans,
    body: &'s (impl Fn(T, &Captures) -> Result<V, Outcome<R>> + Sync),
) -> std::io::Result<()> {
    let work = move || {
        while let Some(Sent { task: Task { index, item, is_timed }, span }) = exchange.take() {
            let captures = Captures::default();
            let _within = spans.within();
            let came = span.in_scope(|| body(item, &captures));
            exchange.tell(Done::now(index, came, captures.take()).timed(is_timed));
        }
    };
    Builder::new().name("safe-state-item".to_owned()).spawn_scoped(scope, work).map(drop)
}
