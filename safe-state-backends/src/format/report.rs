//! The record of a report: a failure in a file of its own.

use serde::{Deserialize, Serialize};

use super::FormatError;
use super::error::damaged;
use super::frame::{self, Frame, FramePlace, Frames};
use super::framed::{payload, push};
use super::kind::{EFFECTS, REPORT, SNAPSHOT};
use super::log::decode;
use crate::{Checkpoint, Failure};

/// A failure, and the job that failed, if the program had one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The job's name.
    pub job: Option<String>,
    /// The failure.
    pub failure: Failure,
}

impl Report {
    /// Encodes the report as the bytes of a file.
    ///
    /// # Errors
    ///
    /// None for a report within the limits on a failure's size.
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        let mut bytes = frame::header().to_vec();
        push(REPORT, self, FramePlace::FIRST, &mut bytes)?;
        Ok(bytes)
    }

    /// Decodes a report; or the failure in a checkpoint, if there is one.
    ///
    /// # Errors
    ///
    /// The bytes are neither a report nor a checkpoint; or they are damaged, or of a newer release.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, FormatError> {
        let mut frames = Frames::open(bytes)?;
        match frames.next_frame()? {
            Some(Frame { kind: REPORT, payload: bytes, offset, .. }) => {
                payload(bytes, offset).map(Some)
            }
            Some(Frame { kind: SNAPSHOT, .. }) => Ok(Report::of(&decode(bytes)?)),
            Some(Frame { kind: EFFECTS, .. }) => {
                Err(FormatError::OtherKind("an idempotency cache, which holds no report"))
            }
            Some(Frame { offset, .. }) => Err(damaged(offset, "the first record is no report")),
            None => Err(damaged(frame::HEADER_LEN, "the report is cut off or damaged")),
        }
    }

    /// Returns the report of a checkpoint; `None` if its last run did not fail.
    pub fn of(checkpoint: &Checkpoint) -> Option<Self> {
        let failure = checkpoint.last_failure()?.clone();
        Some(Report { job: Some(checkpoint.job().to_owned()), failure })
    }
}
