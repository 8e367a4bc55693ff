//! What generated code tells of a loop whose items run side by side.

use std::num::NonZero;
use std::thread::available_parallelism;

use crate::Error;
use crate::attempt::Outcome;
use crate::failure::Verdict;
use crate::failure::outcome::Failing;
use crate::run::Run;

/// Most items of a loop that are in flight at once, as many as a checkpoint can tell of.
const LIMIT: usize = 1024;

/// How many items run at once: a number, or as many as there are cores.
pub trait Most {
    /// The number, from 1 to 1024.
    fn most(&self) -> usize;
}

/// As many as there are cores.
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

/// The terms on which the items of a loop run side by side.
#[derive(Debug)]
pub struct Terms<C, J, F, A, G> {
    /// How many at once.
    pub most: usize,
    /// Whether there is something to look at between two items: a rate, a throttle, a stop.
    pub is_watched: bool,
    /// Whether panics are judged as errors are.
    pub catches_panics: bool,
    /// Takes the carried variables into the next save.
    pub carry: C,
    /// Judges the item that is attended to, which has failed.
    pub judge: J,
    /// Tells how one has failed.
    pub failing: F,
    /// Whether an item that was tried so often may be tried yet again after the attempt to come.
    pub may_try_again: A,
    /// Whether the item that is attended to is given up, as it has killed the process too often; none if that is not
    /// looked at.
    pub gives_up: Option<G>,
}

/// What [`Terms`] are, for short.
pub(super) trait OnTerms<R> {
    fn most(&self) -> usize;
    fn is_watched(&self) -> bool;
    fn carry(&mut self, run: &mut Run) -> Result<(), Error>;
    fn judge(&mut self, run: &mut Run, failed: &Outcome<R>) -> Verdict;
    fn failing(&self, failed: &Outcome<R>) -> Failing;
    fn may_try_again(&self, tried: u32) -> bool;
    fn looks_out(&self) -> bool;
    fn gives_up(&mut self, run: &mut Run) -> bool;
}

impl<R, C, J, F, A, G> OnTerms<R> for Terms<C, J, F, A, G>
where
    C: FnMut(&mut Run) -> Result<(), Error>,
    J: FnMut(&mut Run, &Outcome<R>) -> Verdict,
    F: Fn(&Outcome<R>) -> Failing,
    A: Fn(u32) -> bool,
    G: FnMut(&mut Run) -> bool,
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

    fn judge(&mut self, run: &mut Run, failed: &Outcome<R>) -> Verdict {
        if failed.is_err() && !self.catches_panics {
            return Verdict::Fail;
        }
        (self.judge)(run, failed)
    }

    fn failing(&self, failed: &Outcome<R>) -> Failing {
        (self.failing)(failed)
    }

    fn may_try_again(&self, tried: u32) -> bool {
        (self.may_try_again)(tried)
    }

    fn looks_out(&self) -> bool {
        self.gives_up.is_some()
    }

    fn gives_up(&mut self, run: &mut Run) -> bool {
        self.gives_up.as_mut().is_some_and(|gives_up| gives_up(run))
    }
}
