//! The terms of a loop whose items run side by side, from generated code.

use std::num::NonZero;
use std::thread::available_parallelism;

use crate::Error;
use crate::attempt::Outcome;
use crate::failure::outcome::Failing;
use crate::run::Run;
use crate::run::judging::{Judged, Suspected};

/// The most items of a loop in flight at once, which is the most that a checkpoint can hold.
const LIMIT: usize = 1024;

/// A number of items that run at once: a fixed number, or the number of cores.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not how many items run at once",
    label = "write a `usize`, a `NonZero<usize>` or `\"cores\"`"
)]
pub trait Most {
    /// Returns the number, from 1 to 1024.
    fn most(&self) -> usize;
}

/// The number of cores.
#[derive(Clone, Copy, Debug)]
pub struct Cores;

impl Most for Cores {
    fn most(&self) -> usize {
        available_parallelism().map_or(1, NonZero::get).clamp(1, LIMIT)
    }
}

impl Most for usize {
    fn most(&self) -> usize {
        (*self).clamp(1, LIMIT)
    }
}

impl Most for NonZero<usize> {
    fn most(&self) -> usize {
        self.get().most()
    }
}

/// The terms on which the items of a loop run side by side.
#[derive(Debug)]
pub struct Terms<C, J, F, A, G> {
    /// The most items that run at once.
    pub most: usize,
    /// Whether the run has to look between two items: for a rate, a throttle or a stop.
    pub is_watched: bool,
    /// Whether panics are judged like errors.
    pub catches_panics: bool,
    /// Takes the carried variables into the next save.
    pub carry: C,
    /// Judges the item that is attended to, which has failed, but leaves open how many items have been given up.
    pub ask: J,
    /// Returns in which way an item has failed.
    pub failing: F,
    /// Returns whether an item may be tried again after the next attempt, if it was tried this many times before.
    pub may_try_again: A,
    /// Returns how often the item that is attended to has killed the process, if it may have. `None` if the loop does not
    /// look out for items that kill the process.
    pub suspected: Option<G>,
}

/// The methods of [`Terms`], as a trait that is shorter to write.
pub(super) trait OnTerms<R> {
    fn most(&self) -> usize;
    fn is_watched(&self) -> bool;
    fn carry(&mut self, run: &mut Run) -> Result<(), Error>;
    fn ask(&mut self, run: &mut Run, failed: &Outcome<R>) -> Judged;
    fn failing(&self, failed: &Outcome<R>) -> Failing;
    fn may_try_again(&self, tried: u32) -> bool;
    fn looks_out(&self) -> bool;
    fn suspected(&mut self, run: &mut Run) -> Option<Suspected>;
}

impl<R, C, J, F, A, G> OnTerms<R> for Terms<C, J, F, A, G>
where
    C: FnMut(&mut Run) -> Result<(), Error>,
    J: FnMut(&mut Run, &Outcome<R>) -> Judged,
    F: Fn(&Outcome<R>) -> Failing,
    A: Fn(u32) -> bool,
    G: FnMut(&mut Run) -> Option<Suspected>,
{
    fn most(&self) -> usize {
        self.most
    }

    fn is_watched(&self) -> bool {
        self.is_watched
    }

    fn carry(&mut self, run: &mut Run) -> Result<(), Error> {
        (self.carry)(run)
    }

    fn ask(&mut self, run: &mut Run, failed: &Outcome<R>) -> Judged {
        if failed.is_err() && !self.catches_panics {
            return Judged::FAIL;
        }
        (self.ask)(run, failed)
    }

    fn failing(&self, failed: &Outcome<R>) -> Failing {
        (self.failing)(failed)
    }

    fn may_try_again(&self, tried: u32) -> bool {
        (self.may_try_again)(tried)
    }

    fn looks_out(&self) -> bool {
        self.suspected.is_some()
    }

    fn suspected(&mut self, run: &mut Run) -> Option<Suspected> {
        self.suspected.as_mut().and_then(|suspected| suspected(run))
    }
}
