//! The items of a loop that many workers share.

use std::borrow::Cow;

use super::looping;
use super::sharing::{self, LoopOf};
use super::stages::Stages;
use super::tally::Tally;
use crate::Error;
use crate::items::counter::Counter;
use crate::items::entry::{Entry, Number};
use crate::items::identity::{ByKeyAt, Identity, IdentityKind};
use crate::items::key::KeyHash;
use crate::items::{Items, Step};
use crate::shared::again::NotAgain;
use crate::shared::hunt::SliceAt;
use crate::shared::input::{Sampled, Sliced};
use crate::shared::sorted::{NoItems, Sorted, Walked};
use crate::shared::state::KnownItems;

/// The loop, and how it knows its items.
#[derive(Clone, Copy, Debug)]
struct Which {
    number: Number,
    location: &'static str,
    kind: IdentityKind,
}

impl Which {
    fn enter(self, tally: &mut Tally<'_>, length: u64) -> Result<Entry, Error> {
        let location = Cow::Borrowed(self.location);
        looping::enter(tally.stages().0, self.number, location, Some(length), self.kind)
    }

    fn of(self, items: KnownItems, carries: bool, at_hand: Vec<u32>) -> LoopOf {
        LoopOf { id: self.number.id, items, carries, at_hand }
    }
}

/// The value of the loop over a slice's items. A `break` that a macro hides in the body has another, and does not compile: it
/// would leave the slice before its end, which would count as finished.
#[derive(Clone, Copy, Debug)]
pub struct NoBreakInASharedLoop;

/// The items of a shared loop that are known by index, one slice after the other.
#[derive(Debug)]
pub struct SharedItems<I: Iterator, K> {
    items: Items<Sliced<I>, K>,
    which: Which,
    /// Whether the input gives its items only once, and must not be known by index.
    gives_once: bool,
    /// Samples of the input, once they have been taken.
    sampled: Option<Sampled>,
}

impl<I: Iterator, K: Identity<I::Item>> SharedItems<I, K> {
    /// Creates the items of `iter`. `again` clones the iterator, if it can be cloned.
    pub(crate) fn new(
        (number, location): (Number, &'static str),
        iter: I,
        again: fn(&I) -> Option<I>,
        (kind, identity): (IdentityKind, K),
        gives_once: bool,
    ) -> Self {
        let items = Items::closed(Sliced::new(iter, again), identity);
        SharedItems { items, which: Which { number, location, kind }, gives_once, sampled: None }
    }

    /// Claims a slice of the loop; `carries` tells whether the loop carries variables. Returns whether a slice was
    /// claimed. If not, all slices are finished.
    ///
    /// # Errors
    ///
    /// The backend cannot be read or written, other workers have another input, or the run is to stop.
    pub fn claim(&mut self, tally: &mut Tally<'_>, carries: bool) -> Result<bool, Error> {
        let of = self.checked(tally, carries)?;
        let claimed = sharing::claim(tally.stages().0, of)?;
        self.begin(tally, claimed)
    }

    /// Claims a slice without blocking: see [`claim`](Self::claim).
    ///
    /// # Errors
    ///
    /// The same errors as [`claim`](Self::claim).
    pub async fn claim_async(
        &mut self,
        tally: &mut Tally<'_>,
        carries: bool,
    ) -> Result<bool, Error> {
        let of = self.checked(tally, carries)?;
        let claimed = sharing::claim_async(tally.stages().0, of).await?;
        self.begin(tally, claimed)
    }

    fn checked(&mut self, tally: &mut Tally<'_>, carries: bool) -> Result<LoopOf, Error> {
        if self.gives_once {
            return Err(tally.gives_once());
        }
        let job = || tally.stages().0.observer.job().to_owned();
        let total = self.items.input().total();
        let total = total.ok_or_else(job).map_err(|job| Error::LengthUnknown { job })?;
        let (input, identity) = self.items.parts();
        let taken = || input.sampled(|item| identity.fingerprint(item));
        let sampled = *self.sampled.get_or_insert_with(taken);
        Ok(self.which.of(KnownItems::ByIndex { total, sampled }, carries, Vec::new()))
    }

    fn begin(&mut self, tally: &mut Tally<'_>, claimed: Option<SliceAt>) -> Result<bool, Error> {
        let Some(SliceAt { range, .. }) = claimed else { return Ok(false) };
        let length = range.end - range.start;
        self.items.input().go_to(range).map_err(|it| not_again(tally.stages().0, it))?;
        let entered = self.which.enter(tally, length);
        self.items.enter(entered, tally);
        Ok(true)
    }

    /// Finishes the slice under way.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn finish(&mut self, tally: &mut Tally<'_>) -> Result<(), Error> {
        sharing::finish(tally.stages().0)
    }

    /// Finishes the slice under way without blocking.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub async fn finish_async(&mut self, tally: &mut Tally<'_>) -> Result<(), Error> {
        sharing::finish_async(tally.stages().0).await
    }

    /// Returns the next item of the slice.
    pub fn next(&mut self, tally: &mut Tally<'_>) -> Step<I::Item> {
        self.next_of(tally).unwrap_or_else(|it| Step::Failed(not_again(tally.stages().0, it)))
    }

    /// Returns the next item of the slice, or the reason why the input does not give it.
    pub(crate) fn next_of(
        &mut self,
        counter: &mut impl Counter,
    ) -> Result<Step<I::Item>, NotAgain> {
        let step = self.items.next(counter);
        if matches!(step, Step::Done) {
            self.items.input().check_end()?;
        }
        Ok(step)
    }

    /// Returns whether it is known that no item of the slice is left.
    pub fn has_ended(&self) -> bool {
        self.items.has_ended()
    }
}

/// The items of a shared loop that are known by key, one slice after the other.
#[derive(Debug)]
pub struct SharedItemsByKey<I: Iterator, F> {
    items: Items<Sorted<I>, ByKeyAt<F>>,
    which: Which,
    /// The length and the keys of the input, once it has been walked.
    walked: Option<Walked>,
}

impl<I, F> SharedItemsByKey<I, F>
where
    I: Iterator,
    F: Fn(&I::Item) -> Result<KeyHash, String>,
{
    /// Creates the items of `iter`. `again` clones the iterator, if it can be cloned.
    pub(crate) fn new(
        (number, location): (Number, &'static str),
        iter: I,
        again: fn(&I) -> Option<I>,
        (kind, hash): (IdentityKind, F),
    ) -> Self {
        let items = Items::closed(Sorted::new(iter, again), ByKeyAt::new(hash));
        SharedItemsByKey { items, which: Which { number, location, kind }, walked: None }
    }

    /// Claims a slice of the loop; `carries` tells whether the loop carries variables. Returns whether a slice was
    /// claimed. If not, all slices are finished.
    ///
    /// # Errors
    ///
    /// The backend cannot be read or written, other workers have another input, or the run is to stop.
    pub fn claim(&mut self, tally: &mut Tally<'_>, carries: bool) -> Result<bool, Error> {
        let of = self.walked(tally, carries)?;
        let claimed = sharing::claim(tally.stages().0, of)?;
        self.begin(tally, claimed.map(|at| at.slice))
    }

    /// Claims a slice without blocking: see [`claim`](Self::claim).
    ///
    /// # Errors
    ///
    /// The same errors as [`claim`](Self::claim).
    pub async fn claim_async(
        &mut self,
        tally: &mut Tally<'_>,
        carries: bool,
    ) -> Result<bool, Error> {
        let of = self.walked(tally, carries)?;
        let claimed = sharing::claim_async(tally.stages().0, of).await?;
        self.begin(tally, claimed.map(|at| at.slice))
    }

    /// Walks the input before the first claim, and returns the loop of which a slice is to be claimed.
    fn walked(&mut self, tally: &mut Tally<'_>, carries: bool) -> Result<LoopOf, Error> {
        let (input, identity) = self.items.parts();
        if self.walked.is_none() {
            let (stages, _) = tally.stages();
            let slices = |total| sharing::slices_by_key(stages, total).unwrap_or(1);
            let found = input.walk(identity.hash(), slices).map_err(|it| no_hash(tally, it))?;
            self.walked = found;
        }
        let Walked { total, keys } = self.walked.unwrap_or_default();
        let at_hand = input.at_hand().collect();
        Ok(self.which.of(KnownItems::ByKey { total, keys }, carries, at_hand))
    }

    fn begin(&mut self, tally: &mut Tally<'_>, claimed: Option<u32>) -> Result<bool, Error> {
        let Some(slice) = claimed else { return Ok(false) };
        let Walked { total, .. } = self.walked.unwrap_or_default();
        let count = sharing::slices_by_key(tally.stages().0, total)?;
        let (input, identity) = self.items.parts();
        input.go_to(slice, count, identity.hash()).map_err(|it| match it {
            NoItems::NoHash(it) => no_hash(tally, it),
            NoItems::NotAgain(it) => not_again(tally.stages().0, it),
        })?;
        identity.begin();
        let entered = self.which.enter(tally, total);
        self.items.enter(entered, tally);
        Ok(true)
    }

    /// Finishes the slice under way.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn finish(&mut self, tally: &mut Tally<'_>) -> Result<(), Error> {
        sharing::finish(tally.stages().0)
    }

    /// Finishes the slice under way without blocking.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub async fn finish_async(&mut self, tally: &mut Tally<'_>) -> Result<(), Error> {
        sharing::finish_async(tally.stages().0).await
    }

    /// Returns the next item of the slice.
    pub fn next(&mut self, counter: &mut impl Counter) -> Step<I::Item> {
        match self.items.next(counter) {
            Step::Item((_, item)) => Step::Item(item),
            Step::Done => Step::Done,
            Step::Failed(error) => Step::Failed(error),
        }
    }

    /// Returns whether it is known that no item of the slice is left.
    pub fn has_ended(&self) -> bool {
        self.items.has_ended()
    }
}

fn no_hash(tally: &mut Tally<'_>, (index, reason): (u64, String)) -> Error {
    let job = tally.stages().0.observer.job().to_owned();
    Error::KeyNotSerializable { job, index, reason }
}

pub(super) fn not_again(stages: &Stages, not_again: NotAgain) -> Error {
    let (job, reason) = (stages.observer.job().to_owned(), not_again.to_string());
    Error::NotGivenAgain { job, reason }
}
