//! The requests that can be made of a job's runs.

use serde::{Deserialize, Serialize};

/// A request to the runs of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Request {
    /// Wait before the next item, until the request is taken back.
    Pause,
    /// End before the next item.
    Cancel,
    /// Go on although the previous run was refused: with another input, other arguments, another version or other code. The
    /// next run that begins uses the request up.
    Accept,
    /// End before the next item for good: no run of the job begins any more, until the request is taken back. Until then,
    /// no other request is accepted.
    Abandon,
}
