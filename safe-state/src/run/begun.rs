//! A run that has begun, before its stages are made.

use std::time::SystemTime;

use safe_state_backends::format::Change;
use safe_state_backends::{Request, RunEnd, Store};

use crate::control::Replay;
use crate::control::requests::Source;

/// The store and the terms of a run that has begun.
pub(crate) struct Begun {
    pub(crate) store: Store,
    /// Whether the run before had finished the job.
    pub(crate) was_finished: bool,
    /// Whether the run before died.
    pub(crate) has_crashed: bool,
    /// Whether the run accepts a change that the run before was refused for.
    pub(crate) accepts: bool,
    /// The place of requests to the run.
    pub(crate) source: Source,
    pub(crate) asked: Option<Request>,
    pub(crate) replay: Replay,
    /// The time of the last save of the run before.
    pub(crate) saved_at: Option<SystemTime>,
}

/// A run that has begun, for a future that may be dropped before it claims the run. A run that is dropped unclaimed is
/// saved as stopped, so that the next run does not take it for one that died.
pub(crate) struct Unclaimed(Option<Begun>);

impl Unclaimed {
    pub(crate) fn new(begun: Begun) -> Self {
        Unclaimed(Some(begun))
    }

    pub(crate) fn claim(mut self) -> Begun {
        self.0.take().expect("it is claimed once")
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(Begun { store, .. }) = &mut self.0 {
            let end = Some(RunEnd::Stopped);
            if let Err(error) = store.save(Change { end, ..Change::default() }) {
                tracing::error!(target: "safe_state", %error, "not saved");
            }
        }
    }
}
