//! A run that has begun.

use safe_state_backends::format::Change;
use safe_state_backends::{Request, RunEnd, Store};

use crate::control::Replay;
use crate::control::requests::Source;

/// A run that has begun.
pub(crate) struct Begun {
    pub(crate) store: Store,
    /// Whether the run before had finished the job.
    pub(crate) was_finished: bool,
    /// Whether it died.
    pub(crate) has_crashed: bool,
    /// Whether it goes on with what the run before was refused for.
    pub(crate) accepts: bool,
    /// Where requests to the run are, and what is asked of it now.
    pub(crate) source: Source,
    pub(crate) asked: Option<Request>,
    pub(crate) replay: Replay,
}

/// A run that has begun, for a future that may be dropped before it takes it: it ends then, so that it is not
/// taken for one that died.
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
