//! The reasons why a run stops before its input ends, without a failure.

use std::borrow::Cow;
use std::fmt;

use safe_state_backends::escape::argument;

/// The reason why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// The process was asked to end, by SIGINT or SIGTERM, and the job is `graceful`.
    Signal,
    /// The job's `max_runtime` had passed.
    MaxRuntime,
    /// The job was cancelled by `Job::cancel`.
    Cancelled,
    /// The job was abandoned by `Job::abandon`: no run of it begins until `Job::resume`.
    Abandoned,
    /// The run's `timeout` had passed.
    Timeout,
    /// The run used more memory than its `max_memory`.
    MaxMemory,
    /// The batch system will end the program soon.
    WallTime,
    /// Other workers have the remaining slices of a loop, and the job is set not to wait for them.
    Idle,
    /// Dead letters were put back, as by `retry`, when the worker had passed their loop.
    PutBack,
    /// `SAFE_STATE_REPLAY` asked for a single item, which has succeeded. Nothing was saved.
    Replay,
}

impl StopReason {
    /// Returns what has become of the stopped run, and what to do.
    pub(super) fn what_now(self, job: &str) -> Cow<'static, str> {
        let told = match self {
            StopReason::Replay => {
                ", which has succeeded; nothing was saved: run it without SAFE_STATE_REPLAY to go on"
            }
            StopReason::Abandoned => {
                let job = argument(job);
                return format!(
                    "; what it has saved is kept: `safe-state resume {job}`, or `Job::resume`, lets it run again"
                )
                .into();
            }
            StopReason::PutBack => "; run it again to do them",
            _ => ", and has saved its progress; run it again to go on",
        };
        told.into()
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StopReason::Signal => "because the process was asked to end",
            StopReason::MaxRuntime => "at the end of its `max_runtime`",
            StopReason::Cancelled => "because it was cancelled",
            StopReason::Abandoned => "because it was abandoned",
            StopReason::Timeout => "at the end of its `timeout`",
            StopReason::MaxMemory => "because more than its `max_memory` was in use",
            StopReason::WallTime => "before the batch system ends it",
            StopReason::Idle => "because other workers hold the remaining slices",
            StopReason::PutBack => "because items that it had passed were put back",
            StopReason::Replay => "after the item that was replayed",
        })
    }
}
