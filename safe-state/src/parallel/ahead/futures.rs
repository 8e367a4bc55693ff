//! Parts that run ahead as futures, which are also polled while the rest of a body awaits.

use std::fmt;
use std::future::Pending;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tracing::Span;

use crate::Error;
use crate::attempt::Outcome;
use crate::control::pacing::LOOK;
use crate::items::Step;
use crate::parallel::captures::Captures;
use crate::parallel::feed::{Feed, Keeps};
use crate::parallel::grace::{self, Grace};
use crate::parallel::in_flight::UnderWay;
use crate::parallel::line::{Line, Pulled};
use crate::parallel::offered::Offered;
use crate::parallel::task::{Done, Task};
use crate::run::handing::Handing;
use crate::run::tally::Tally;

/// Returns `part`. The call tells the compiler which items the part takes.
pub fn typed_ahead<F, V, R, B>(_: &F, _: fn(Error) -> R, part: B) -> B
where
    F: Feed,
    B: AsyncFn(F::Item, Arc<Captures>) -> Result<V, Outcome<R>>,
{
    part
}

/// A part under way.
struct Body<P> {
    index: u64,
    part: Pin<Box<P>>,
    captures: Arc<Captures>,
    span: Span,
}

impl<V, R, P: Future<Output = Result<V, Outcome<R>>>> Future for Body<P> {
    type Output = Done<V, R>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Done<V, R>> {
        let Body { index, part, captures, span } = self.get_mut();
        span.in_scope(|| {
            part.as_mut().poll(context).map(|came| Done::now(*index, came, captures.take()))
        })
    }
}

/// The items of a loop whose parts run ahead as futures, in the order of the loop.
pub struct AheadAsFutures<'h, T, V, R, P, K, H = Pending<()>> {
    under_way: UnderWay<'h, Body<P>, Done<V, R>, H, T>,
    line: Line<K, V, R>,
    keep: fn(T) -> K,
    grace: Grace,
}

impl<T, V, R, P, K, H> fmt::Debug for AheadAsFutures<'_, T, V, R, P, K, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AheadAsFutures")
    }
}

impl<'h, T, V, R, P, K, H> AheadAsFutures<'h, T, V, R, P, K, H>
where
    P: Future<Output = Result<V, Outcome<R>>>,
    K: Keeps<T>,
    H: Future<Output = ()>,
{
    /// Creates the items, of which at most `most` are handed out at once. In a loop that waits for its items, `head`
    /// gives them to `offered`. The first argument is passed only for the type of the parts.
    pub fn new(
        _: &impl Fn(T, Arc<Captures>) -> P,
        tally: &mut Tally<'_>,
        (head, offered): (Pin<&'h mut H>, Option<&'h Offered<T>>),
        most: usize,
        keep: fn(T) -> K,
    ) -> Self {
        Handing::begin(tally, most);
        let (under_way, line) = (UnderWay::new(head, offered, |_| false), Line::new(most));
        AheadAsFutures { under_way, line, keep, grace: Grace::default() }
    }

    /// Waits until the loop can go on with the next item, as its part has ended. If the run looks out for an item that
    /// kills the process, the part begins only when its [value is waited for](Self::waits_for_value). Returns whether
    /// that takes longer than a moment: then the caller looks at what is asked of the run, and waits again.
    pub async fn waits(
        &mut self,
        feed: &mut impl Feed<Item = T>,
        tally: &mut Tally<'_>,
        part: &impl Fn(T, Arc<Captures>) -> P,
        (one_by_one, may_try_again): (bool, bool),
    ) -> bool {
        self.line.go_on();
        let mut handing = Handing::of(tally);
        loop {
            let terms = (one_by_one, may_try_again);
            let is_wanted = match self.line.pull(feed, &mut handing, self.keep, terms) {
                Pulled::Begins(task) => {
                    self.begin(task, &mut handing, part);
                    continue;
                }
                Pulled::Enough => false,
                Pulled::Wanted => true,
            };
            let waits_for_item = is_wanted && self.line.is_empty();
            if self.line.is_first_here() && !waits_for_item {
                return false;
            }
            if self.wait(is_wanted, &mut handing).await {
                return true;
            }
        }
    }

    /// Goes on to the next item, which was [waited for](Self::waits).
    pub fn next(&mut self, tally: &mut Tally<'_>) -> Step<()> {
        self.line.step(&mut Handing::of(tally))
    }

    /// Returns whether it is known that no item is left.
    pub fn has_ended(&self, feed: &impl Feed<Item = T>) -> bool {
        self.line.is_empty() && feed.has_ended()
    }

    /// Waits for the value of the first item's part, which runs again if its value was taken. Returns whether that takes
    /// longer than a moment.
    pub async fn waits_for_value(
        &mut self,
        tally: &mut Tally<'_>,
        part: &impl Fn(T, Arc<Captures>) -> P,
        may_try_again: impl Fn(u32) -> bool,
    ) -> bool {
        let mut handing = Handing::of(tally);
        if let Some(task) = self.line.begin_first(may_try_again) {
            self.begin(task, &mut handing, part);
        }
        while !self.line.is_first_here() {
            if self.wait(false, &mut handing).await {
                return true;
            }
        }
        false
    }

    /// Takes the value of the first item's part, which was [waited for](Self::waits_for_value).
    ///
    /// # Errors
    ///
    /// The failure of the part.
    ///
    /// # Panics
    ///
    /// If nobody has waited for it.
    pub fn value(&mut self, tally: &mut Tally<'_>) -> Result<V, Outcome<R>> {
        let came = self.line.take_first(&mut Handing::of(tally));
        came.expect("the part was waited for")
    }

    /// Returns whether the run is to end, and the parts have gone on for the grace period since. Then the caller saves,
    /// and lets the run end.
    pub fn is_out_of_time(&mut self, tally: &mut Tally<'_>) -> bool {
        let mut handing = Handing::of(tally);
        let grace = handing.grace().unwrap_or(grace::OF_FUTURES);
        // If no part is under way, there is nothing to wait for.
        let grace = if self.line.is_empty() { Duration::ZERO } else { grace };
        self.grace.is_over(&mut handing, grace)
    }

    /// Waits for `other`, and polls the parts that run ahead meanwhile.
    pub async fn beside<O>(&mut self, other: impl Future<Output = O>) -> O {
        self.under_way.beside(other).await
    }

    fn begin(
        &mut self,
        Task { index, item, .. }: Task<T>,
        handing: &mut Handing<'_, '_>,
        part: &impl Fn(T, Arc<Captures>) -> P,
    ) {
        let captures = Arc::new(Captures::default());
        let part = Box::pin(part(item, Arc::clone(&captures)));
        let span = handing.span_of(index);
        self.under_way.begin(Body { index, part, captures, span });
    }

    /// Waits for a part to end, or for the item that `is_wanted`. Returns whether that takes longer than a moment.
    async fn wait(&mut self, is_wanted: bool, handing: &mut Handing<'_, '_>) -> bool {
        let mut is_long = false;
        let moment = async {
            handing.sleep(LOOK).await;
            is_long = true;
        };
        self.under_way.next_or(is_wanted, moment).await;
        self.take_in();
        is_long
    }

    fn take_in(&mut self) {
        while let Some(done) = self.under_way.take_ended() {
            self.line.came(done);
        }
    }
}
