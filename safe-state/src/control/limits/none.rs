//! No limits: the feature `limits` is off.

use std::time::Instant;

use safe_state_backends::CrashCause;

use crate::Error;
use crate::control::pacing::Pacing;
use crate::error::StopReason;
use crate::progress::Progress;
use crate::save::owner::Shared;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct JobLimits {}

#[derive(Debug, Default)]
pub(crate) struct Limits {}

#[expect(clippy::unused_self, reason = "they stand for those of `limits`")]
impl Limits {
    #[expect(clippy::unnecessary_wraps, reason = "those of `limits` may fail")]
    pub(crate) fn start(
        _: &str,
        _: JobLimits,
        _: &Pacing,
        _: bool,
        _: bool,
    ) -> Result<Self, Error> {
        Ok(Limits {})
    }

    pub(crate) fn are_watched(&self) -> bool {
        false
    }

    pub(crate) fn lend(&self, _: Shared, _: Progress) {}

    #[inline]
    pub(crate) fn take_back(&self) -> Option<Progress> {
        None
    }

    #[inline]
    pub(crate) fn end_item(&self) {}

    pub(crate) fn end(&self) {}

    #[inline]
    pub(crate) fn is_memory_near(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn is_memory_tight(&self) -> bool {
        false
    }

    pub(crate) fn is_over(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn stop(&self, _: Instant) -> Option<StopReason> {
        None
    }
}

pub(crate) fn died_of() -> Option<CrashCause> {
    None
}
