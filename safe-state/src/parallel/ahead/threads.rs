//! Parts that run ahead on threads, which end with the loop.

use std::fmt;
use std::thread::Scope;
use std::time::Duration;

use crate::Error;
use crate::attempt::Outcome;
use crate::items::Step;
use crate::observe::spans::Spans;
use crate::parallel::captures::Captures;
use crate::parallel::desk::{Desk, Sent};
use crate::parallel::exchange::{Closing, Exchange};
use crate::parallel::feed::{Feed, Keeps};
use crate::parallel::line::{Line, Pulled};
use crate::parallel::task::{Done, Task};
use crate::parallel::threads::{Crew, FromThread, ToThread};
use crate::run::handing::Handing;
use crate::run::tally::Tally;

/// The longest wait for a part before the line is looked at again.
const PATIENCE: Duration = Duration::from_secs(1);

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
    threads: usize,
    most: usize,
    line: Line<K, V, R>,
    keep: fn(T) -> K,
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
            threads: 0,
            most,
            line: Line::new(most),
            keep,
        }
    }

    /// Goes on to the next item, and waits for its part. If the run looks out for an item that kills the process, the
    /// part begins only when [`value`](Self::value) asks for it.
    pub fn next(
        &mut self,
        feed: &mut impl Feed<Item = T>,
        tally: &mut Tally<'_>,
        (one_by_one, may_try_again): (bool, bool),
    ) -> Step<()> {
        self.line.go_on();
        let mut handing = Handing::of(tally);
        loop {
            let terms = (one_by_one, may_try_again);
            match self.line.pull(feed, &mut handing, self.keep, terms) {
                Pulled::Begins(task) => {
                    if let Err(error) = self.begin(task, &mut handing) {
                        return Step::Failed(Error::Thread(error));
                    }
                }
                Pulled::Enough | Pulled::Wanted => break,
            }
        }
        while !self.line.is_first_here() {
            self.wait();
        }
        self.line.step(&mut handing)
    }

    /// Returns whether it is known that no item is left.
    pub fn has_ended(&self, feed: &impl Feed<Item = T>) -> bool {
        self.line.is_empty() && feed.has_ended()
    }

    /// Returns the value of the first item's part. The part runs again if its value is asked for again.
    ///
    /// # Errors
    ///
    /// The failure of the part, or of starting the first thread.
    pub fn value(
        &mut self,
        tally: &mut Tally<'_>,
        may_try_again: impl Fn(u32) -> bool,
        on_error: fn(Error) -> R,
    ) -> Result<V, Outcome<R>> {
        let mut handing = Handing::of(tally);
        if let Some(task) = self.line.begin_first(may_try_again)
            && let Err(error) = self.begin(task, &mut handing)
        {
            return Err(Ok(on_error(Error::Thread(error))));
        }
        loop {
            if let Some(came) = self.line.take_first(&mut handing) {
                return came;
            }
            self.wait();
        }
    }

    fn begin(&mut self, task: Task<T>, handing: &mut Handing<'_, '_>) -> std::io::Result<()> {
        if self.threads < self.most {
            let Parts { exchange, spans, part } = self.parts;
            let crew = Crew { scope: self.scope, exchange, spans, body: part };
            match crew.start_with(|exchange, place, done| exchange.tell(place, done, false)) {
                Ok(()) => self.threads += 1,
                Err(error) if self.threads == 0 => return Err(error),
                // If at least one thread runs, it takes each part in turn.
                Err(_) => {}
            }
        }
        let span = handing.span_of(task.index);
        self.desk.give(Sent { task, span });
        Ok(())
    }

    fn wait(&mut self) {
        self.desk.wait(u64::MAX, PATIENCE);
        for done in self.desk.collect(&mut Vec::new()) {
            self.line.came(done);
        }
    }
}
