//! Bodies on threads, which end with the loop.

use std::thread::{Builder, Scope};
use std::time::Instant;

use super::captures::Captures;
use super::course::Course;
use super::desk::{Desk, Sent};
use super::exchange::Exchange;
use super::feed::{Feed, Keeps};
use super::lookahead::Lookahead;
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
use crate::save::EndMarks;

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

/// The most bytes that tasks take for which there is no thread yet.
const ROOM: usize = 1 << 20;

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
    Handing::begin(tally, terms.most);
    let mut handing = Handing::of(tally);
    let (limit, marks) = (handing.limit_of_item(), handing.end_marks());
    let body = |item, captures: &Captures| match &limit {
        None => body(item, captures),
        Some(limit) => {
            let came = limit.run(|| body(item, captures));
            came.unwrap_or_else(|error| Err(Ok(on_error(error))))
        }
    };
    let ahead = ROOM / size_of::<Sent<F::Item>>();
    let (ahead, gives_once) = (handing.goes_ahead().min(ahead as u64), handing.gives_once());
    let most = terms.most;
    let exchange = Exchange::new(most + usize::try_from(ahead).unwrap_or_default());
    let mut course = Course::new(handing, terms);
    std::thread::scope(|scope| {
        let _closing = exchange.closing();
        let crew =
            Crew { scope, exchange: &exchange, spans: &spans, marks: marks.clone(), body: &body };
        let mut hall = Hall {
            desk: Desk::new(&exchange),
            lookahead: Lookahead::new(ahead, Instant::now()),
            ended: Vec::new(),
            threads: 0,
            most,
            gives_once,
            is_held: false,
        };
        while !course.is_over() {
            hall.hand_out(&mut course, feed, keep, || crew.start());
            hall.go_on(&mut course, on_error);
        }
        course.handing.set_unbegun(hall.desk.unbegun());
        course.close();
        save(&mut course);
    });
    course.finish(on_error)
}

/// The caller's side of a loop on threads.
struct Hall<'e, T, R> {
    desk: Desk<'e, T, Flow<R>, R>,
    lookahead: Lookahead,
    /// The items whose bodies have come to their end, between two looks at them.
    ended: Vec<u64>,
    threads: usize,
    most: usize,
    /// Whether the input gives each item once, so that an item that was handed out has to be done.
    gives_once: bool,
    /// Whether no task is taken, because an item has failed.
    is_held: bool,
}

impl<T, R> Hall<'_, T, R> {
    /// Hands out as many items as may begin now.
    fn hand_out<W: OnTerms<R>, K: Keeps<T>>(
        &mut self,
        course: &mut Course<'_, '_, W, K, R>,
        feed: &mut impl Feed<Item = T>,
        keep: fn(T) -> K,
        mut start: impl FnMut() -> std::io::Result<()>,
    ) {
        if !self.gives_once && course.wants_back(self.lookahead.is_on()) {
            course.took_back(self.desk.take_back());
        }
        if std::mem::take(&mut self.is_held) {
            self.desk.open();
        }
        let ahead = usize::try_from(self.lookahead.items()).unwrap_or_default();
        loop {
            let ahead = if ahead > 0 && !course.handing.may_go_ahead() { 0 } else { ahead };
            let sent = if self.desk.has_any_back() && course.gives_back() {
                let Some(sent) = self.desk.give_back(course.bound()) else {
                    course.took_back(1);
                    break;
                };
                sent
            } else {
                // While items that wait for another attempt take all places, what was taken back stays behind them.
                let next = if self.desk.has_any_back() {
                    course.again()
                } else {
                    course.next(feed, (keep, ahead))
                };
                let Some(task) = next else { break };
                let span = course.handing.span_of(task.index);
                Sent { task, span }
            };
            if self.threads < course.running().min(self.most) {
                match start() {
                    Ok(()) => self.threads += 1,
                    // If at least one thread runs, it takes this task later.
                    Err(error) if self.threads == 0 => {
                        course.not_run(sent.task.index);
                        course.fail(Error::Thread(error));
                        break;
                    }
                    Err(_) => {}
                }
            }
            self.desk.give(sent);
        }
    }

    /// Saves if that is due, obeys a request if nothing runs any more, or waits for what comes next.
    fn go_on<W: OnTerms<R>, K>(
        &mut self,
        course: &mut Course<'_, '_, W, K, R>,
        on_error: fn(Error) -> R,
    ) {
        count(course);
        course.handing.set_unbegun(self.desk.unbegun());
        if course.wants_save() {
            // An item that a thread did before one that has begun by now has ended, and is heard of here.
            self.collect(course);
        }
        if course.take_to_obey() {
            save(course);
            if let Err(error) = course.handing.run().obey() {
                course.fail(error);
            }
            return;
        }
        if save(course) {
            return self.lookahead.starts();
        }
        if let Some(grace) = course.handing.grace()
            && course.is_out_of_time(grace)
        {
            self.collect(course);
            course.is_to_save(true);
            save(course);
            if course.running() > 0 {
                course.end_process(on_error);
            }
        }
        if course.is_over() {
            return;
        }
        let patience = course.patience(Instant::now());
        if course.running() == 0 {
            std::thread::sleep(patience);
            course.handing.waits();
        } else {
            let ahead = self.lookahead.items();
            self.desk.wait(if ahead == 0 { u64::MAX } else { ahead / 2 }, patience);
            self.collect(course);
        }
        let saves = course.handing.run().poll_requests();
        course.is_to_save(saves);
    }

    /// Takes in what came of the items since the last call.
    fn collect<W: OnTerms<R>, K>(&mut self, course: &mut Course<'_, '_, W, K, R>) {
        let Hall { desk, lookahead, ended, is_held, .. } = self;
        let told: Vec<_> = desk.collect(ended).collect();
        *is_held |= !told.is_empty();
        lookahead.adapt((ended.len() + told.len()) as u64);
        course.all_ended(ended);
        ended.clear();
        for done in told {
            course.ended(done);
            count(course);
        }
    }
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
    match run.save() {
        Ok(()) => course.saved(),
        Err(error) => course.fail(error),
    }
    true
}

/// The way in which a thread passes on what comes of a body.
type Ended<T, V, R> = fn(&Exchange<Sent<T>, Done<V, R>>, &EndMarks, u32, Done<V, R>);

/// The threads of a loop, which end when its exchange is closed.
pub(super) struct Crew<'s, 'e, T, V, R, B> {
    pub(super) scope: &'s Scope<'s, 'e>,
    pub(super) exchange: &'s Exchange<Sent<T>, Done<V, R>>,
    pub(super) spans: &'s Spans,
    /// For items that are complete when their bodies have come to their end.
    pub(super) marks: EndMarks,
    pub(super) body: &'s B,
}

impl<T, R, B> Crew<'_, '_, T, Flow<R>, R, B>
where
    T: Send,
    R: Send,
    B: Fn(T, &Captures) -> Result<Flow<R>, Outcome<R>> + Sync,
{
    /// Starts a thread that runs the bodies of items.
    fn start(&self) -> std::io::Result<()> {
        self.start_with(|exchange, marks, place, done| {
            if matches!(done.came, Ok(Flow::Next)) {
                marks.ended(done.index);
            }
            if done.is_plain() {
                exchange.end(place);
            } else {
                let holds = !matches!(done.came, Ok(Flow::Next));
                exchange.tell(place, done, holds);
            }
        })
    }
}

impl<T, V, R, B> Crew<'_, '_, T, V, R, B>
where
    T: Send,
    V: Send,
    R: Send,
    B: Fn(T, &Captures) -> Result<V, Outcome<R>> + Sync,
{
    /// Starts a thread that runs bodies, and passes what comes of them to `ended`.
    pub(super) fn start_with(&self, ended: Ended<T, V, R>) -> std::io::Result<()> {
        let Crew { scope, exchange, spans, body, .. } = *self;
        let marks = self.marks.clone();
        let work = move || {
            while let Some((place, Sent { task, span })) = exchange.take() {
                let Task { index, item, is_timed, .. } = task;
                let captures = Captures::default();
                let _within = spans.within();
                let came = span.in_scope(|| body(item, &captures));
                let done = Done::now(index, came, captures.take()).timed(is_timed);
                drop(span);
                ended(exchange, &marks, place, done);
            }
        };
        Builder::new().name("safe-state-item".to_owned()).spawn_scoped(scope, work).map(drop)
    }
}
