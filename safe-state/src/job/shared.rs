//! What is said of a job whose loops many workers share.

use safe_state_base::engine;

/// Into how many slices a loop is cut, if nothing is said.
const SLICES: u32 = 256;
/// Most slices of a loop.
const MOST_SLICES: u32 = 65_536;

/// How many workers share the loops of a job.
#[derive(Clone)]
pub(crate) struct SharedTerms {
    /// Into how many slices a loop is cut.
    pub(crate) slices: u32,
    /// Of which submission the workers are: once the job is finished, another one begins it anew.
    submission: Option<String>,
    pub(crate) on_idle: OnIdle,
}

/// What a worker of a job does while others have all that is left of a loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnIdle {
    /// It waits until all slices are finished, and goes on behind the loop.
    #[default]
    Wait,
    /// It ends with [`Error::Stopped`](crate::Error::Stopped).
    Leave,
}

impl SharedTerms {
    /// Sets into how many slices a loop is cut: 1 to 65,536.
    pub(super) fn set_slices(&mut self, slices: u32) {
        self.slices = slices.clamp(1, MOST_SLICES);
    }

    /// Sets of which submission the workers are.
    pub(super) fn set_submission(&mut self, submission: String) {
        self.submission = Some(submission);
    }
}

impl Default for SharedTerms {
    fn default() -> Self {
        SharedTerms { slices: SLICES, submission: None, on_idle: OnIdle::Wait }
    }
}

impl SharedTerms {
    /// Returns of which submission the workers are, as the program says, or the batch system that started them.
    pub(crate) fn submission(&self) -> Option<String> {
        self.submission.clone().or_else(engine::submission)
    }
}
