//! The policy: whether an item that fails is tried again, given up, or ends the run.

use std::any::Any;
use std::fmt;
use std::time::Duration;

use super::ErrorContext;
use crate::Backoff;
use crate::attempt::call;

/// The answer to the failure of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The item is tried again, after the pause that `backoff` sets. If no attempts are left, this means
    /// [`Fail`](Action::Fail).
    Retry,
    /// The item is tried again after this pause, such as one that a server asks for. If no attempts are left, this
    /// means [`Fail`](Action::Fail).
    RetryAfter(Duration),
    /// The item counts as complete, and the job goes on.
    Skip,
    /// The item counts as complete. The item and its failure are recorded in the checkpoint, which is kept when the job
    /// finishes: see [`Checkpoint::dead_letters`](crate::Checkpoint::dead_letters). After 10 000 dead letters, this
    /// means [`Fail`](Action::Fail).
    DeadLetter,
    /// The function returns the error, or its panic goes on. The next run begins with this item.
    Fail,
}

/// The way in which a loop answers errors.
pub struct Policy<F> {
    on_error: F,
    max_attempts: u32,
    backoff: Backoff,
    skip_limit: u64,
    max_crashes: u32,
    catches_panics: bool,
}

/// The judgement of a policy on an item that has failed.
#[derive(Debug)]
pub(crate) enum Judgement {
    /// The item is tried again, after this pause.
    TryAgain(Duration),
    /// The item counts as complete, if the limit allows one more to be given up.
    Skip,
    /// The item counts as complete, if the limit allows it, and its failure is recorded.
    DeadLetter,
    /// The item ends the run.
    Fail,
    /// `on_error` has panicked with this payload.
    Panicked(Box<dyn Any + Send>),
}

/// The consequence of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another attempt, after this pause.
    Again(Duration),
    /// The next item.
    Next,
    /// The end of the run.
    Fail,
}

/// Tries again as long as attempts are left. It is the answer where the user gives no function.
pub fn retry(_: &ErrorContext<'_>) -> Action {
    Action::Retry
}

impl<F> Policy<F> {
    /// Makes a policy that asks `on_error`, and by default allows any number of attempts.
    ///
    /// The returned type hides `F`: so the compiler reports an `on_error` of a wrong type only once.
    pub fn new(on_error: F) -> Policy<impl Fn(&ErrorContext<'_>) -> Action>
    where
        F: Fn(&ErrorContext<'_>) -> Action,
    {
        let (max_attempts, skip_limit) = (u32::MAX, u64::MAX);
        let backoff = Backoff::default();
        let (max_crashes, catches_panics) = (u32::MAX, false);
        Policy { on_error, max_attempts, backoff, skip_limit, max_crashes, catches_panics }
    }

    /// Sets the highest number of attempts at an item, counted over all runs.
    pub fn max_attempts(self, max_attempts: u32) -> Self {
        Policy { max_attempts, ..self }
    }

    /// Sets the pauses between attempts.
    pub fn backoff(self, backoff: Backoff) -> Self {
        Policy { backoff, ..self }
    }

    /// Sets how many items may be given up.
    pub fn skip_limit(self, skip_limit: u64) -> Self {
        Policy { skip_limit, ..self }
    }

    /// Sets how many runs may die in an item before it is given up.
    pub fn max_crashes(self, max_crashes: u32) -> Self {
        Policy { max_crashes, ..self }
    }

    /// Sets whether panics are treated as errors.
    pub fn catch_panics(self, catches_panics: bool) -> Self {
        Policy { catches_panics, ..self }
    }

    /// Returns whether panics are treated as errors.
    #[inline]
    pub fn catches_panics(&self) -> bool {
        self.catches_panics
    }

    /// Returns whether an item that has been tried `tried` times in this run may be tried again after the attempt to
    /// come.
    #[inline]
    pub fn may_try_again(&self, tried: u32) -> bool {
        self.max_attempts > tried.saturating_add(1)
    }

    /// Returns whether an item in which `crashes` runs have died has to be given up.
    pub(crate) fn is_poison(&self, crashes: u32) -> bool {
        crashes >= self.max_crashes
    }

    /// Returns how many items may be given up.
    pub(crate) fn most_given_up(&self) -> u64 {
        self.skip_limit
    }

    /// Returns how many attempts at an item are allowed.
    pub(crate) fn most_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// Judges the failure of an item.
    #[cold]
    pub(crate) fn judge(&self, context: &ErrorContext<'_>) -> Judgement
    where
        F: Fn(&ErrorContext<'_>) -> Action,
    {
        let attempt = context.attempt();
        let action = match call(|| (self.on_error)(context)) {
            Ok(action) => action,
            Err(panic) => return Judgement::Panicked(panic),
        };
        match action {
            Action::Retry if attempt < self.max_attempts => {
                Judgement::TryAgain(self.backoff.pause(attempt))
            }
            Action::RetryAfter(pause) if attempt < self.max_attempts => Judgement::TryAgain(pause),
            Action::Skip => Judgement::Skip,
            Action::DeadLetter => Judgement::DeadLetter,
            Action::Retry | Action::RetryAfter(_) | Action::Fail => Judgement::Fail,
        }
    }
}

impl Verdict {
    /// Returns whether the next item follows.
    pub fn is_next(self) -> bool {
        self == Verdict::Next
    }
}

impl<F> fmt::Debug for Policy<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("max_attempts", &self.max_attempts)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use safe_state_backends::{Failure, FailureKind};

    use super::*;
    use crate::failure::Thrown;

    fn judged<F: Fn(&ErrorContext<'_>) -> Action>(policy: &Policy<F>, attempt: u32) -> Judgement {
        let failure = Failure::new(FailureKind::Error, "E", "lost");
        let most = policy.most_attempts();
        let context = ErrorContext::new(failure, Thrown::none(), None, attempt, most);
        policy.judge(&context)
    }

    #[test]
    fn attempts_are_made_until_none_are_left() {
        let policy = Policy::new(retry).max_attempts(2).backoff(Backoff::constant("3s"));
        assert!(matches!(judged(&policy, 1), Judgement::TryAgain(pause) if pause.as_secs() == 3));
        assert!(matches!(judged(&policy, 2), Judgement::Fail));
    }

    #[test]
    fn items_are_given_up_that_fail_or_kill_too_often() {
        let skipping = Policy::new(|_: &ErrorContext<'_>| Action::Skip).skip_limit(2);
        assert!(matches!(judged(&skipping, 1), Judgement::Skip));
        assert_eq!(skipping.most_given_up(), 2);
        let dead = Policy::new(|_: &ErrorContext<'_>| Action::DeadLetter).max_crashes(3);
        assert!(matches!(judged(&dead, 1), Judgement::DeadLetter));
        assert!(dead.is_poison(3) && !dead.is_poison(2));
    }

    #[test]
    fn a_panic_of_what_judges_is_given_back() {
        let panicking = Policy::new(|_: &ErrorContext<'_>| panic!("asked to"));
        let Judgement::Panicked(payload) = judged(&panicking, 1) else { unreachable!("it panics") };
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"asked to"));
    }
}
