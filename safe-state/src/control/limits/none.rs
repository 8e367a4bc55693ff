//! No limits: the feature `limits` is off.

use std::time::Instant;

use safe_state_backends::CrashCause;

use crate::control::pacing::Boundary;
use crate::error::StopReason;
use crate::progress::Position;
use crate::save::owner::Shared;
use crate::{Error, Job};

#[derive(Debug, Default)]
pub(crate) struct Limits;

#[expect(clippy::unused_self, reason = "they stand for those of `limits`")]
impl Limits {
    #[expect(clippy::unnecessary_wraps, reason = "those of `limits` may fail")]
    pub(crate) fn start(_: &Job, _: &Boundary, _: bool, _: bool) -> Result<Self, Error> {
        Ok(Limits)
    }

    pub(crate) fn are_watched(&self) -> bool {
        false
    }

    pub(crate) fn lend(&self, _: Shared, _: Position) {}

    #[inline]
    pub(crate) fn take_back(&self) -> Option<Position> {
        None
    }

    #[inline]
    pub(crate) fn end_item(&self) {}

    pub(crate) fn end(&self) {}

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
