//! Enters a loop: the iterator of its items, and the tally beside it.

use std::borrow::Cow;

use super::looping;
use super::tally::Tally;
use crate::items::entry::Number;
use crate::items::identity::{Identity, IdentityKind};
use crate::items::received::Received;
use crate::items::{Items, exact_len};
use crate::progress::check_not_by_hand;
use crate::run::Run;

/// Enters a `for` loop.
#[inline]
pub(crate) fn items<'r, I: Iterator, K: Identity<I::Item>>(
    run: &'r mut Run,
    number: Number,
    location: Cow<'static, str>,
    iter: I,
    (kind, identity): (IdentityKind, K),
) -> (Items<I, K>, Tally<'r>) {
    let entered = looping::enter(&mut run.stages, number, location, exact_len(&iter), kind);
    let mut tally = Tally::new(run, number.depth);
    (Items::new(entered, iter, identity, &mut tally), tally)
}

/// Enters a `while let` loop. `takes` tells whether the loop takes its items from a carried variable.
pub(crate) fn received<'r>(
    run: &'r mut Run,
    number: Number,
    location: Cow<'static, str>,
    (kind, takes): (IdentityKind, bool),
) -> (Received, Tally<'r>) {
    let free = if takes {
        run.stages.with_stored(|_, stored| check_not_by_hand(stored, number.id))
    } else {
        Ok(())
    };
    let entered = free.and_then(|()| looping::enter(&mut run.stages, number, location, None, kind));
    let has_ended = run.stages.progress.has_ended_before(number.depth);
    (Received::new(entered, takes, has_ended), Tally::new(run, number.depth))
}

/// Creates the tally of a loop that has not been entered.
pub(crate) fn tally(run: &mut Run, depth: usize) -> Tally<'_> {
    Tally::new(run, depth)
}

/// Creates the tally of a `checkpoint!()` in manual mode, whose item is to be committed.
pub fn tally_of_checkpoint<'r>(run: &'r mut Run, location: &'static str) -> Tally<'r> {
    looping::enter_manually(&mut run.stages, location);
    let mut tally = Tally::new(run, 0);
    tally.committed(false);
    tally
}
