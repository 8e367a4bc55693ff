//! Defines the jobs whose items fail, by index and by key, with and without carried values, as a function and as a
//! future.

use std::cell::Cell;
use std::path::Path;

use anyhow::{Result, bail};
use rustix::process::{Signal, getpid, kill_process};
use safe_state::{Action, Backoff, ErrorContext, Results, resumable};
use safe_state_tests::{Effects, shapes::block_on};
use serde::{Deserialize, Serialize};

use crate::plan::{Outcome, Way, digest};

/// The properties of a job, in all of its runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Kind {
    pub(crate) way: Way,
    pub(crate) carries: bool,
    pub(crate) is_async: bool,
    pub(crate) save_every: u64,
    pub(crate) max_attempts: u32,
    pub(crate) skip_limit: u64,
}

/// A run of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) input: Vec<u32>,
    pub(crate) bad: Vec<Bad>,
    /// The number of attempts of the run before the one in which it is killed.
    pub(crate) killed: Option<usize>,
    /// Whether dead letters are put back before the run.
    pub(crate) puts_back: bool,
}

/// An item that fails, and how its failures are answered.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Bad {
    pub(crate) item: u32,
    /// The number of failures in a row.
    pub(crate) fails: u32,
    pub(crate) answer: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Retry,
    Skip,
    Bury,
    Fail,
    RetryThenSkip,
    RetryThenBury,
}

impl Answer {
    pub(crate) fn action(self, is_last: bool) -> Action {
        match self {
            Answer::RetryThenSkip | Answer::RetryThenBury | Answer::Retry if !is_last => {
                Action::Retry
            }
            Answer::Retry => Action::Retry,
            Answer::Skip | Answer::RetryThenSkip => Action::Skip,
            Answer::Bury | Answer::RetryThenBury => Action::DeadLetter,
            Answer::Fail => Action::Fail,
        }
    }
}

impl Run {
    pub(crate) fn bad(&self, item: u32) -> Option<Bad> {
        self.bad.iter().find(|bad| bad.item == item).copied()
    }
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ended {
    Returned(Outcome),
    Failed,
    Killed,
}

/// A run under way.
struct Call<'a> {
    dir: &'a Path,
    kind: Kind,
    run: &'a Run,
    effects: Effects,
    attempts: Cell<usize>,
    /// The number of times that the item in flight has failed.
    failed: Cell<u32>,
    item: Cell<u32>,
}

impl Call<'_> {
    fn work(&self, item: u32) -> Result<()> {
        self.effects.record(item.into())?;
        if self.run.killed == Some(self.attempts.get()) {
            kill_process(getpid(), Signal::KILL)?;
        }
        self.attempts.set(self.attempts.get() + 1);
        self.item.set(item);
        let fails = self.run.bad(item).map_or(0, |bad| bad.fails);
        if self.failed.get() < fails {
            self.failed.set(self.failed.get() + 1);
            bail!("asked to fail");
        }
        self.failed.set(0);
        Ok(())
    }

    fn decide(&self, error: &ErrorContext<'_>) -> Action {
        let action = self.run.bad(self.item.get()).unwrap().answer.action(error.is_last());
        if action != Action::Retry {
            self.failed.set(0);
        }
        action
    }
}

macro_rules! jobs {
    ($($module:ident: $keep:ident $options:tt;)*) => { $(mod $module {
        use super::*;

        jobs! { @both $keep $options plain: [] []; plain_async: [async] [await]; }
    })* };
    (@both $keep:ident $options:tt $($name:ident: $is_async:tt $wait:tt;)*) => { $(
        jobs! { @one $keep $options $name $is_async $wait }
    )* };
    (@one $keep:ident [$($option:tt)*] $name:ident [$($is_async:tt)?] [$($wait:tt)?]) => {
        #[resumable(
            name = "retried", on_code_change = "continue", state_dir = call.dir, save_every = call.kind.save_every,
            durability = "process", companion = false, max_attempts = call.kind.max_attempts,
            backoff = Backoff::none(), on_error = |error| call.decide(error),
            skip_limit = call.kind.skip_limit,
            $keep(sum, items),
            $($option)*
        )]
        pub(super) $($is_async)? fn $name(call: &Call<'_>, input: &[u32]) -> Result<Outcome> {
            let mut sum = 0;
            let mut items = Results::new();
            for item in input {
                sum = digest(sum, *item);
                items.push(*item);
                $(std::future::ready(()).$wait;)?
                call.work(*item)?;
            }
            Ok(Outcome { digest: sum, items: items.into() })
        }
    };
}

jobs! {
    index_bare: fresh [];
    index_carrying: carry [];
    key_bare: fresh [key = |item| item];
    key_carrying: carry [key = |item| item];
}

/// Does a run of the job in `dir`.
pub(crate) fn run(dir: &Path, kind: Kind, run: &Run) -> Ended {
    let effects = Effects::open(dir.join("effects")).unwrap();
    let (attempts, failed, item) = Default::default();
    let call = &Call { dir, kind, run, effects, attempts, failed, item };
    let input = run.input.as_slice();
    let returned = match (kind.is_async, kind.carries, kind.way) {
        (false, false, Way::Index) => index_bare::plain(call, input),
        (false, true, Way::Index) => index_carrying::plain(call, input),
        (false, false, _) => key_bare::plain(call, input),
        (false, true, _) => key_carrying::plain(call, input),
        (true, false, Way::Index) => block_on(index_bare::plain_async(call, input)),
        (true, true, Way::Index) => block_on(index_carrying::plain_async(call, input)),
        (true, false, _) => block_on(key_bare::plain_async(call, input)),
        (true, true, _) => block_on(key_carrying::plain_async(call, input)),
    };
    match returned {
        Ok(outcome) if kind.carries => Ended::Returned(outcome),
        Ok(_) => Ended::Returned(Outcome::default()),
        Err(error) => {
            assert_eq!(error.to_string(), "asked to fail");
            Ended::Failed
        }
    }
}
