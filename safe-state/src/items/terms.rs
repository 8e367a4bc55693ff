//! What a run takes for granted of the input that the run before has seen.

/// What to do when something is not what the checkpoint saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// The run does not begin, and says what has changed.
    Fail,
    /// The run starts over; what was stored is lost.
    Restart,
    /// The run goes on, with a `tracing` warning.
    Continue,
}

/// On what terms a run goes on with what is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Whether the run before had finished the job.
    pub(crate) was_finished: bool,
    /// Whether the run goes on with what the run before was refused for.
    pub(crate) accepts: bool,
    pub(crate) on_input_change: OnChange,
}
