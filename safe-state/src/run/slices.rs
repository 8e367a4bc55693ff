//! The items of a loop that many workers share.

use std::borrow::Cow;

use super::looping;
use super::sharing;
use super::tally::Tally;
use crate::Error;
use crate::items::counter::Counter;
use crate::items::entry::Number;
use crate::items::identity::{Identity, IdentityKind};
use crate::items::{Items, Step, exact_len};
use crate::shared::hunt::SliceAt;
use crate::shared::input::Sliced;

/// The items of one slice after the other.
#[derive(Debug)]
pub struct SharedItems<I: Iterator, K> {
    items: Items<Sliced<I>, K>,
    number: Number,
    location: &'static str,
    kind: IdentityKind,
    /// How many items there are in all.
    total: Option<u64>,
    /// Whether its items come once, and are not to be known by index.
    gives_once: bool,
}

impl<I: Iterator, K: Identity<I::Item>> SharedItems<I, K> {
    /// The items of `iter`, which `again` clones if it can be.
    pub(crate) fn new(
        (number, location): (Number, &'static str),
        iter: I,
        again: fn(&I) -> Option<I>,
        (kind, identity): (IdentityKind, K),
        gives_once: bool,
    ) -> Self {
        // It is walked once to be counted, as all workers have to cut it alike.
        let total = exact_len(&iter).or_else(|| again(&iter).map(|iter| iter.count() as u64));
        let items = Items::closed(Sliced::new(iter, again), identity);
        SharedItems { items, number, location, kind, total, gives_once }
    }

    /// Claims a slice of a loop that carries variables, or not. Returns whether there is one; else all are finished.
    ///
    /// # Errors
    ///
    /// The backend cannot be read or written, other workers have another input, or the run is to stop.
    pub fn claim(&mut self, tally: &mut Tally<'_>, carries: bool) -> Result<bool, Error> {
        let total = self.checked(tally)?;
        let of = (self.number.id, total, carries);
        let claimed = sharing::claim(tally.stages().0, of)?;
        Ok(self.begin(tally, claimed))
    }

    /// Claims a slice without blocking.
    ///
    /// # Errors
    ///
    /// As [`claim`](Self::claim).
    pub async fn claim_async(
        &mut self,
        tally: &mut Tally<'_>,
        carries: bool,
    ) -> Result<bool, Error> {
        let total = self.checked(tally)?;
        let of = (self.number.id, total, carries);
        let claimed = sharing::claim_async(tally.stages().0, of).await?;
        Ok(self.begin(tally, claimed))
    }

    fn checked(&self, tally: &mut Tally<'_>) -> Result<u64, Error> {
        if self.gives_once {
            return Err(tally.gives_once());
        }
        let job = || tally.stages().0.observer.job().to_owned();
        self.total.ok_or_else(job).map_err(|job| Error::LengthUnknown { job })
    }

    fn begin(&mut self, tally: &mut Tally<'_>, claimed: Option<SliceAt>) -> bool {
        let Some(SliceAt { range, .. }) = claimed else { return false };
        let length = range.end - range.start;
        self.items.input().go_to(range);
        let (stages, _) = tally.stages();
        let location = Cow::Borrowed(self.location);
        let entered = looping::enter(stages, self.number, location, Some(length), self.kind);
        self.items.enter(entered, tally);
        true
    }

    /// Finishes the slice.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn finish(&mut self, tally: &mut Tally<'_>) -> Result<(), Error> {
        sharing::finish(tally.stages().0)
    }

    /// Finishes the slice without blocking.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub async fn finish_async(&mut self, tally: &mut Tally<'_>) -> Result<(), Error> {
        sharing::finish_async(tally.stages().0).await
    }

    /// The next item.
    pub fn next(&mut self, counter: &mut impl Counter) -> Step<I::Item> {
        self.items.next(counter)
    }

    /// Returns whether it is known that no item of the slice is left.
    pub fn has_ended(&self) -> bool {
        self.items.has_ended()
    }
}
