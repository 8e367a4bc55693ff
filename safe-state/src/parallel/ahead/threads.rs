//! Parts that run ahead on threads, which end with the loop.

use std::fmt;
use std::thread::Scope;

use crate::Error;
use crate::attempt::{Flow, Outcome};
use crate::control::pacing::LOOK;
use crate::failure::outcome::Failing;
use crate::items::Step;
use crate::observe::spans::Spans;
use crate::parallel::captures::Captures;
use crate::parallel::desk::{Desk, Sent};
use crate::parallel::exchange::{Closing, Exchange};
use crate::parallel::feed::{Feed, Keeps};
use crate::parallel::grace::Grace;
use crate::parallel::line::{Line, Pulled};
use crate::parallel::task::{Done, Task};
use crate::parallel::threads::{Crew, FromThread, ToThread};
use crate::run::handing::Handing;
use crate::run::tally::Tally;
use crate::save::EndMarks;

/// The part of a loop's items, and its way to the threads, which it outlives.
#[derive(Debug)]
pub struct Parts<T, V, R, B> {
    exchange: Exchange<Sent<T>, Done<V, R>>,
    spans: Spans,
    part: B,
}

/// Creates what runs the part of the items of `feed` on threads.
pub fn ahead_on_threads<F, V, R, B>(
    _: &F,
    tally: &mut Tally<'_>,
    most: usize,
    _: fn(Error) -> R,
    part: B,
) -> Parts<F::Item, V, R, B>
where
    F: Feed<Item: ToThread>,
    V: FromThread,
    R: FromThread,
    B: Fn(F::Item, &Captures) -> Result<V, Outcome<R>> + Sync,
{
    let spans = tally.run().spans();
    Handing::begin(tally, most);
    Parts { exchange: Exchange::new(most), spans, part }
}

/// The items of a loop whose parts run ahead on threads, in the order of the loop.
pub struct AheadOnThreads<'s, 'e, T, V, R, B, K> {
    scope: &'s Scope<'s, 'e>,
    parts: &'s Parts<T, V, R, B>,
    #[expect(dead_code, reason = "it is there to be dropped: then the threads end")]
    closing: Closing<'s, Sent<T>, Done<V, R>>,
    desk: Desk<'s, T, V, R>,
    staff: Staff,
    line: Line<K, V, R>,
    keep: fn(T) -> K,
    grace: Grace,
}

/// The threads that run parts.
#[derive(Debug)]
struct Staff {
    threads: usize,
    most: usize,
    /// The number of parts that run, or are about to.
    running: usize,
    /// The reason why no thread could be started.
    none: Option<std::io::Error>,
}

impl<T, V, R, B, K> fmt::Debug for AheadOnThreads<'_, '_, T, V, R, B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AheadOnThreads")
    }
}

impl<'s, 'e, T, V, R, B, K> AheadOnThreads<'s, 'e, T, V, R, B, K>
where
    T: Send,
    V: Send,
    R: Send,
    B: Fn(T, &Captures) -> Result<V, Outcome<R>> + Sync,
    K: Keeps<T>,
{
    /// Creates the items, of which at most `most` are handed out at once.
    pub fn new(
        scope: &'s Scope<'s, 'e>,
        parts: &'s Parts<T, V, R, B>,
        most: usize,
        keep: fn(T) -> K,
    ) -> Self {
        let (closing, desk) = (parts.exchange.closing(), Desk::new(&parts.exchange));
        AheadOnThreads {
            scope,
            parts,
            closing,
            desk,
            staff: Staff { threads: 0, most, running: 0, none: None },
            line: Line::new(most),
            keep,
            grace: Grace::default(),
        }
    }

    /// Waits until the loop can go on with the next item, as its part has ended. If the run looks out for an item that
    /// kills the process, the part begins only when its [value is waited for](Self::waits_for_value). Returns whether
    /// that takes longer than a moment: then the caller looks at what is asked of the run, and waits again.
    pub fn waits(
        &mut self,
        feed: &mut impl Feed<Item = T>,
        tally: &mut Tally<'_>,
        (one_by_one, may_try_again): (bool, bool),
    ) -> bool {
        self.line.go_on();
        let mut handing = Handing::of(tally);
        let terms = (one_by_one, may_try_again);
        while self.staff.none.is_none()
            && let Pulled::Begins(task) = self.line.pull(feed, &mut handing, self.keep, terms)
        {
            self.begin(task, &mut handing);
        }
        self.waits_for_first()
    }

    /// Goes on to the next item, which was [waited for](Self::waits).
    pub fn next(&mut self, tally: &mut Tally<'_>) -> Step<()> {
        match self.staff.none.take() {
            Some(error) => Step::Failed(Error::Thread(error)),
            None => self.line.step(&mut Handing::of(tally)),
        }
    }

    /// Returns whether it is known that no item is left.
    pub fn has_ended(&self, feed: &impl Feed<Item = T>) -> bool {
        self.line.is_empty() && feed.has_ended()
    }

    /// Waits for the value of the first item's part, which runs again if its value was taken. Returns whether that takes
    /// longer than a moment.
    pub fn waits_for_value(
        &mut self,
        tally: &mut Tally<'_>,
        may_try_again: impl Fn(u32) -> bool,
    ) -> bool {
        if let Some(task) = self.line.begin_first(may_try_again) {
            self.begin(task, &mut Handing::of(tally));
        }
        self.waits_for_first()
    }

    /// Takes the value of the first item's part, which was [waited for](Self::waits_for_value).
    ///
    /// # Errors
    ///
    /// The failure of the part, or of starting the first thread.
    ///
    /// # Panics
    ///
    /// If nobody has waited for it.
    pub fn value(
        &mut self,
        tally: &mut Tally<'_>,
        on_error: fn(Error) -> R,
    ) -> Result<V, Outcome<R>> {
        if let Some(error) = self.staff.none.take() {
            return Err(Ok(on_error(Error::Thread(error))));
        }
        let came = self.line.take_first(&mut Handing::of(tally));
        came.expect("the part was waited for")
    }

    /// Returns whether the run is to end, and the parts have gone on for its grace period since. Then the caller saves, and
    /// [ends the process](Self::end_process).
    pub fn is_out_of_time(&mut self, tally: &mut Tally<'_>) -> bool {
        let mut handing = Handing::of(tally);
        let grace = handing.grace();
        grace.is_some_and(|grace| self.grace.is_over(&mut handing, grace))
    }

    /// Ends the process, as a part goes on and its thread can't be stopped. Returns if the run is not to end after all.
    pub fn end_process(&mut self, tally: &mut Tally<'_>) {
        if let Err(stopped) = tally.run().obey() {
            tally.run().end_process(&stopped, Failing::No);
        }
    }

    /// Waits for the parts that still run, now that the loop has ended with `came`. If the run is to end, they are waited
    /// for no longer than its grace period. Then the process ends, and a failure in `came` is saved.
    pub fn end(
        &mut self,
        tally: &mut Tally<'_>,
        came: &Result<Flow<R>, Outcome<R>>,
        failing: impl FnOnce(&Outcome<R>) -> Failing,
    ) {
        self.staff.running -= self.desk.take_back();
        while self.staff.running > 0 {
            self.wait();
            tally.run().poll_requests();
            if self.staff.running > 0
                && self.is_out_of_time(tally)
                && let Err(stopped) = tally.run().obey()
            {
                let failing = came.as_ref().map_or_else(failing, |_| Failing::No);
                tally.run().end_process(&stopped, failing);
            }
        }
    }

    fn begin(&mut self, task: Task<T>, handing: &mut Handing<'_, '_>) {
        if self.staff.threads < self.staff.most {
            let Parts { exchange, spans, part } = self.parts;
            // An item is complete when the rest of its body has come to its end, too.
            let marks = EndMarks::default();
            let crew = Crew { scope: self.scope, exchange, spans, marks, body: part };
            match crew.start_with(|exchange, _, place, done| exchange.tell(place, done, false)) {
                Ok(()) => self.staff.threads += 1,
                Err(error) if self.staff.threads == 0 => return self.staff.none = Some(error),
                // If at least one thread runs, it takes each part in turn.
                Err(_) => {}
            }
        }
        let span = handing.span_of(task.index);
        self.staff.running += 1;
        self.desk.give(Sent { task, span });
    }

    /// Waits for the first item's part. Returns whether that takes longer than a moment.
    fn waits_for_first(&mut self) -> bool {
        while self.staff.none.is_none() && !self.line.is_first_here() {
            if self.wait() {
                return true;
            }
        }
        false
    }

    /// Waits for a part to end. Returns whether that takes longer than a moment.
    fn wait(&mut self) -> bool {
        self.desk.wait(u64::MAX, LOOK);
        let running = self.staff.running;
        for done in self.desk.collect(&mut Vec::new()) {
            self.staff.running -= 1;
            self.line.came(done);
        }
        self.staff.running == running
    }
}
