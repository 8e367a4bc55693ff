//! What becomes of an item that fails: another attempt, or none.

use std::fmt;
use std::time::Duration;

use safe_state_backends::{DeadLetter, Failure};

use super::{ErrorContext, Thrown};
use crate::error::one_line;
use crate::failure::notes::Notes;
use crate::failure::outcome::{Failed, Failing};
use crate::run::{Run, call};
use crate::secrets::masked;
use crate::{Backoff, Error};

/// What is to become of an item that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// It is tried again, after the pause that `backoff` says. If no attempts are left, the same as
    /// [`Fail`](Action::Fail).
    Retry,
    /// The same after this pause: the one that a server asks for, say.
    RetryAfter(Duration),
    /// It counts as complete, and the job goes on.
    Skip,
    /// The same, and what is known of the item and its failure stays in the checkpoint, which is kept
    /// when the job finishes: see [`Checkpoint::dead_letters`](crate::Checkpoint::dead_letters). Beyond
    /// 10 000 of them, the same as [`Fail`](Action::Fail).
    DeadLetter,
    /// The function returns the error, or panics on. The next run begins with this item.
    Fail,
}

/// How a loop answers errors.
pub struct Policy<F> {
    on_error: F,
    pub(super) max_attempts: u32,
    backoff: Backoff,
    pub(super) skip_limit: u64,
    pub(super) max_crashes: u32,
    catches_panics: bool,
}

/// What comes of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another one, after that pause.
    Again(Duration),
    /// The next item.
    Next,
    /// The end of the run.
    Fail,
}

/// Where no function answers errors: as long as attempts are left, there is another.
pub fn retry(_: &ErrorContext<'_>) -> Action {
    Action::Retry
}

impl<F> Policy<F> {
    /// One that asks `on_error`, and tries again as often as that says.
    pub fn new(on_error: F) -> Self
    where
        F: Fn(&ErrorContext<'_>) -> Action,
    {
        let (max_attempts, skip_limit) = (u32::MAX, u64::MAX);
        let backoff = Backoff::default();
        let (max_crashes, catches_panics) = (u32::MAX, false);
        Policy { on_error, max_attempts, backoff, skip_limit, max_crashes, catches_panics }
    }

    /// Sets the most attempts at an item, in all runs together.
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

    /// Takes panics for errors.
    pub fn catch_panics(self, catches_panics: bool) -> Self {
        Policy { catches_panics, ..self }
    }

    /// Whether panics are taken for errors.
    #[inline]
    pub fn catches_panics(&self) -> bool {
        self.catches_panics
    }

    /// Whether an item that has been tried that often in this run may be tried yet again after the
    /// attempt to come.
    #[inline]
    pub fn may_try_again(&self, tried: u32) -> bool {
        self.max_attempts > tried.saturating_add(1)
    }

    /// Judges the item in flight inside `depth` loops, which has failed.
    #[cold]
    pub fn judge(
        &self,
        run: &mut Run,
        depth: usize,
        failing: Failing,
        thrown: Thrown<'_>,
    ) -> Verdict
    where
        F: Fn(&ErrorContext<'_>) -> Action,
    {
        let (Failing::Yes(failed) | Failing::IfInLoop(failed)) = failing else {
            return Verdict::Fail;
        };
        let verdict = self.verdict(run, depth, &failed, thrown);
        if !verdict.is_next() {
            Notes::from(failed).put_back();
        }
        verdict
    }

    fn verdict(&self, run: &mut Run, depth: usize, failed: &Failed, thrown: Thrown<'_>) -> Verdict
    where
        F: Fn(&ErrorContext<'_>) -> Action,
    {
        run.limits.end_item();
        // No item is to blame for the time of the run being over: none is tried again, or given up.
        if run.limits.is_over() {
            return Verdict::Fail;
        }
        let attempt = run.count_attempt(depth);
        let context = run.context(failed, thrown, attempt, self.max_attempts);
        let verdict = match self.ask(run, &context) {
            Action::Retry if attempt < self.max_attempts => {
                Verdict::Again(self.backoff.pause(attempt))
            }
            Action::RetryAfter(pause) if attempt < self.max_attempts => Verdict::Again(pause),
            Action::Skip | Action::DeadLetter if run.given_up() >= self.skip_limit => {
                run.ends_for(format!(
                    "`skip_limit = {}` is reached: so many items have been given up, and this one ends the run",
                    self.skip_limit
                ));
                Verdict::Fail
            }
            Action::Skip => {
                run.events.skipped(context.failure(), attempt);
                run.position.skipped += 1;
                Verdict::Next
            }
            Action::DeadLetter => {
                let letter = run.letter(depth, context.failure().clone());
                let is_buried =
                    letter.is_some_and(|letter| run.bury(&letter.with_attempts(attempt)));
                if is_buried { Verdict::Next } else { Verdict::Fail }
            }
            _ => Verdict::Fail,
        };
        if let Verdict::Again(pause) = verdict {
            run.events.tries_again(context.failure(), attempt, pause);
        }
        verdict
    }

    /// What `on_error` says. If it panics, what it was asked about is told with that.
    fn ask(&self, run: &mut Run, context: &ErrorContext<'_>) -> Action
    where
        F: Fn(&ErrorContext<'_>) -> Action,
    {
        call(|| (self.on_error)(context)).unwrap_or_else(|panic| {
            let failure = context.failure();
            let item = format!("{} ({})", failure.message(), failure.error_type());
            let asked = "`on_error` panicked, which was asked about this error:".to_owned();
            let chain = failure.causes().iter().cloned();
            run.position.reasons = [asked, item].into_iter().chain(chain).collect();
            std::panic::resume_unwind(panic)
        })
    }
}

impl Verdict {
    /// Whether the next item follows.
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

impl Run {
    /// Saves what is complete, and how often the item in flight was tried, before another attempt
    /// or the end. Says whether there is to be another attempt, once its pause is over. The item's
    /// error comes first: if it can't be saved, it is the end.
    ///
    /// # Errors
    ///
    /// The run is to stop.
    pub fn pause(&mut self, verdict: Verdict) -> Result<bool, Error> {
        let notes = Notes::take();
        let saved = self.save();
        let Some(pause) = self.pause_after(verdict, saved) else {
            notes.put_back();
            return Ok(false);
        };
        self.rest(pause)?;
        Ok(true)
    }

    /// The same without blocking.
    ///
    /// # Errors
    ///
    /// As [`pause`](Self::pause).
    pub async fn pause_async(&mut self, verdict: Verdict) -> Result<bool, Error> {
        let notes = Notes::take();
        let saved = self.save_async().await;
        let Some(pause) = self.pause_after(verdict, saved) else {
            notes.put_back();
            return Ok(false);
        };
        self.rest_async(pause).await?;
        Ok(true)
    }

    /// How long to wait for another attempt; none if there is to be none.
    fn pause_after(&mut self, verdict: Verdict, saved: Result<(), Error>) -> Option<Duration> {
        if let Err(error) = saved {
            self.events.not_saved(&error);
            self.position.reasons.push(masked(&format!("could not save: {}", one_line(&error))));
            return None;
        }
        match verdict {
            Verdict::Again(pause) => Some(pause),
            Verdict::Next | Verdict::Fail => None,
        }
    }

    /// Tells of carried values that can't be taken or undone; the item's error comes first.
    pub fn not_undone(&mut self, name: &str) {
        self.ends_for(format!(
            "a failed attempt has put another list in the place of `{name}`, a carried `Results`, which can't be \
             undone"
        ));
    }

    /// Tells why the item's failure ends the run, at once and with the failure.
    fn ends_for(&mut self, reason: String) {
        self.events.ends_for(&reason);
        self.position.reasons.push(reason);
    }

    /// Counts an attempt at the item in flight that was in vain. Says which one it was.
    fn count_attempt(&mut self, depth: usize) -> u32 {
        self.position
            .open
            .get_mut(depth)
            .map_or(1, crate::progress::open_loop::OpenLoop::count_attempt)
    }

    /// How many items the job has given up.
    pub(super) fn given_up(&self) -> u64 {
        let unsaved = self.position.skipped + self.position.dead_letters.len() as u64;
        let Some(store) = self.store() else { return unsaved };
        let checkpoint = store.checkpoint();
        let dead = checkpoint.dead_letters().len() as u64;
        checkpoint.skipped().saturating_add(dead + unsaved)
    }

    /// The dead letter of the item in flight inside `depth` loops.
    pub(super) fn letter(&self, depth: usize, failure: Failure) -> Option<DeadLetter> {
        let open = self.position.open.get(depth)?;
        let within = self.position.within(depth);
        let letter = DeadLetter::new(open.loop_id(), within, open.key(), failure);
        Some(letter.with_fingerprint(open.fingerprint()))
    }

    /// Gives up an item. Says whether there is room for one more.
    pub(super) fn bury(&mut self, letter: &DeadLetter) -> bool {
        let has_room = self.store().is_none_or(|store| {
            let unsaved = self.position.dead_letters.len();
            store.checkpoint().dead_letters().has_room_for(unsaved + 1)
        });
        let is_buried = has_room && self.position.dead_letters.push(letter);
        if is_buried {
            self.events.given_up(letter.failure(), letter.attempts());
        } else {
            self.ends_for(
                "there are 10000 dead letters, and no room for more; look at what is wrong with so many, and \
                 retry or clear them"
                    .to_owned(),
            );
        }
        is_buried
    }
}
