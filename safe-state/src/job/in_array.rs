//! A job that each task of an array does, or one of them for all.

use safe_state_backends::Checkpoint;
use safe_state_base::engine::{self, ArrayTask};

use super::Job;
use crate::items::fingerprint;

/// Under what name a checkpoint has which submission of a batch system its run was of.
pub(crate) const SUBMISSION: &str = "submission!";

/// Returns a submission as it is noted.
pub(crate) fn noted(submission: Option<String>) -> Option<u32> {
    submission.and_then(|text| fingerprint::serialized(&text))
}

impl Job {
    /// Returns which task of an array does the job, if all of them do the same: they do not share it, and neither its name
    /// nor its place has the task in it.
    pub(crate) fn task_of_many(&self) -> Option<ArrayTask> {
        if self.is_shared() {
            return None;
        }
        let task = engine::array_task().filter(|task| !task.is_in(self.job_name()))?;
        let path = self.checkpoint_path();
        let is_in_path = path.is_some_and(|path| task.is_in_path(&path.to_string_lossy()));
        (!is_in_path).then_some(task)
    }

    /// Returns of which submission the run is, if a task of the same that begins later is to find the job finished.
    pub(crate) fn kept_for(&self) -> Option<u32> {
        let keeps_anyway = self.saves.keep_on_success;
        let task = self.task_of_many().filter(|_| !keeps_anyway);
        task.and_then(|_| noted(engine::submission()))
    }

    /// Returns whether a finished checkpoint was kept for the tasks of another submission.
    pub(crate) fn was_kept_for_others(&self, found: &Checkpoint) -> bool {
        let kept = found.noted(SUBMISSION).filter(|_| !self.saves.keep_on_success);
        found.is_finished() && kept.is_some() && kept != self.kept_for()
    }
}
