//! A job that each task of an array does, or one of them for all.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use safe_state_backends::Checkpoint;
use safe_state_base::engine::{self, ArrayTask};

use super::Job;
use super::settings::NameOrigin;
use crate::items::fingerprint;

/// Under what name a checkpoint has which submission of a batch system its run was of.
pub(crate) const SUBMISSION: &str = "submission!";

/// Returns a submission as it is noted.
pub(crate) fn noted(submission: Option<String>) -> Option<u32> {
    submission.and_then(|text| fingerprint::serialized(&text))
}

/// The jobs that this process has finished, by what [`Job::finish_key`] gives.
static FINISHED_HERE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes that this process finishes a job that is kept for the tasks of its array.
pub(crate) fn finishes_here(key: &str) {
    let mut finished = FINISHED_HERE.lock().unwrap_or_else(PoisonError::into_inner);
    if !finished.iter().any(|known| known == key) {
        finished.push(key.to_owned());
    }
}

impl Job {
    /// Tells whether its name is made as the program runs, or stands in its text.
    #[doc(hidden)]
    pub fn name_is_made(mut self, is: bool) -> Self {
        self.expected.runs.name = if is { NameOrigin::Made } else { NameOrigin::Fixed };
        self
    }

    /// Returns which task of an array does the job, if all of them do the same as far as it shows: they do not share it, and
    /// neither its name nor its place has the task in it.
    pub(crate) fn task_of_many(&self) -> Option<ArrayTask> {
        let task = self.task()?;
        let is_in_name =
            self.expected.runs.name != NameOrigin::Fixed && task.is_in(self.job_name());
        // The file has the name of the job.
        let path = self.checkpoint_path();
        let folder = path.as_deref().and_then(Path::parent);
        let is_in_path = folder.is_some_and(|folder| task.is_in_path(&folder.to_string_lossy()));
        (!is_in_name && !is_in_path).then_some(task)
    }

    fn task(&self) -> Option<ArrayTask> {
        engine::array_task().filter(|_| !self.is_shared())
    }

    /// Returns of which submission the run is, if a task of the same that begins later is to find the job finished.
    ///
    /// A number in a name or a path may be the task's by accident. Only a name that is made is taken to tell the tasks apart,
    /// until what was `found` under it shows that it does not.
    pub(crate) fn kept_for(&self, found: Option<&Checkpoint>) -> Option<u32> {
        let submission = self.submission_of_task()?;
        let is_own = self.expected.runs.name == NameOrigin::Made
            && self.task().is_some_and(|task| task.is_in_path(self.job_name()));
        let is_of_several = found.is_some_and(|it| it.noted(SUBMISSION) == Some(submission));
        (!is_own || is_of_several).then_some(submission)
    }

    /// Returns whether a finished checkpoint was kept for the tasks of another submission, or by this process, which does
    /// the job once more.
    pub(crate) fn was_kept_for_others(&self, found: &Checkpoint) -> bool {
        let Some(kept) = found.noted(SUBMISSION).filter(|_| !self.saves.keep_on_success) else {
            return false;
        };
        let is_by_this = || {
            let finished = FINISHED_HERE.lock().unwrap_or_else(PoisonError::into_inner);
            finished.contains(&self.finish_key())
        };
        found.is_finished() && (Some(kept) != self.submission_of_task() || is_by_this())
    }

    /// What tells the job from others of the process.
    pub(crate) fn finish_key(&self) -> String {
        format!("{}\n{:?}", self.job_name(), self.checkpoint_path())
    }

    /// The submission that the run is of, if tasks of it that come later are to know.
    fn submission_of_task(&self) -> Option<u32> {
        let task = self.task().filter(|_| !self.saves.keep_on_success);
        task.and_then(|_| noted(engine::submission()))
    }
}
