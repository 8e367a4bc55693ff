//! Stands in for limits while the feature `limits` is off. A graceful run still heeds the end of its time in a batch
//! system.

use std::time::{Duration, Instant};

use safe_state_backends::CrashCause;
use safe_state_base::engine::{self, EndWatch};

use crate::Error;
use crate::control::pacing::Pacing;
use crate::error::StopReason;
use crate::progress::Progress;
use crate::save::owner::Shared;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct JobLimits {}

/// The limit on each of the items that run side by side, which there is not.
#[derive(Clone, Debug)]
pub(crate) enum ItemLimit {}

impl ItemLimit {
    pub(crate) fn run<T>(&self, _: impl FnOnce() -> T) -> Result<T, Error> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "it stands for the one of `limits`")]
    pub(crate) async fn run_async<F: Future>(&self, _: F) -> Result<F::Output, Error> {
        match *self {}
    }
}

/// The time before the end of a batch system's time at which a run stops, if the batch system says nothing else.
const GRACE: Duration = Duration::from_secs(15);

#[derive(Debug, Default)]
pub(crate) struct Limits {
    ends: Option<EndWatch>,
}

#[expect(clippy::unused_self, reason = "they stand for those of `limits`")]
impl Limits {
    #[expect(clippy::unnecessary_wraps, reason = "those of `limits` may fail")]
    pub(crate) fn start(
        (job, is_verbose): (&str, bool),
        _: JobLimits,
        pacing: &Pacing,
        _: bool,
        _: bool,
    ) -> Result<Self, Error> {
        let heeds = pacing.signals().are_listened_to();
        Ok(Limits { ends: heeds.then(|| engine::heed(job, GRACE, is_verbose)) })
    }

    pub(crate) fn are_watched(&self) -> bool {
        false
    }

    pub(crate) fn lend(&self, _: Shared, _: Progress, _: usize) {}

    #[inline]
    pub(crate) fn take_back(&self) -> Option<(Progress, u64)> {
        None
    }

    #[inline]
    pub(crate) fn begin_next_item(&self) {}

    #[inline]
    pub(crate) fn end_item_beside(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn are_asked_for(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn end_item(&self) {}

    pub(crate) fn end(&mut self) {
        self.ends = None;
    }

    #[inline]
    pub(crate) fn is_memory_near(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn is_memory_tight(&self) -> bool {
        false
    }

    pub(crate) fn of_item(&self) -> Option<ItemLimit> {
        None
    }

    pub(crate) fn is_over(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn stop(&self, now: Instant) -> Option<StopReason> {
        let is_near = self.ends.as_ref().is_some_and(|ends| ends.is_near(now));
        is_near.then_some(StopReason::WallTime)
    }
}

pub(crate) fn died_of() -> Option<CrashCause> {
    None
}
