//! The terms on which a run goes on with the input of the run before.

use std::time::SystemTime;

/// The answer to something that differs from what the checkpoint was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// The run does not begin, and its error says what has changed.
    Fail,
    /// The run starts over, and the stored progress is lost.
    Restart,
    /// The run goes on, with a `tracing` warning.
    Continue,
}

/// The terms on which a run goes on with stored progress.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Whether the run before had finished the job.
    pub(crate) was_finished: bool,
    /// Whether this run accepts the changes that the run before was refused for.
    pub(crate) accepts: bool,
    pub(crate) on_input_change: OnChange,
    /// The time of the last save of the run before; none if a page has items that completed later.
    pub(crate) saved_at: Option<SystemTime>,
}
