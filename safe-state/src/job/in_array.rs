//! Jobs that the tasks of a batch system's array run: each task does the job, or one of them does it for all.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use safe_state_backends::Checkpoint;
use safe_state_base::engine::{self, ArrayTask};

use super::Job;
use super::settings::NameOrigin;
use crate::items::fingerprint;

/// The name under which a checkpoint notes a fingerprint of the submission that its run belonged to.
pub(crate) const SUBMISSION: &str = "submission!";

/// Returns the fingerprint under which a submission is noted.
pub(crate) fn noted(submission: Option<String>) -> Option<u32> {
    submission.and_then(|text| fingerprint::serialized(&text))
}

/// The [`finish_key`] of each job that this process has finished for the tasks of its array.
static FINISHED_HERE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes that this process finishes a job whose checkpoint is kept for the tasks of its array.
pub(crate) fn finishes_here(key: &str) {
    let mut finished = FINISHED_HERE.lock().unwrap_or_else(PoisonError::into_inner);
    if !finished.iter().any(|known| known == key) {
        finished.push(key.to_owned());
    }
}

/// Returns the array's task that does the job, if all tasks of the array seem to do the same job: they do not share
/// it, and neither its name nor its place contains the task's number.
pub(crate) fn task_of_many(job: &Job) -> Option<ArrayTask> {
    let task = task(job)?;
    let is_in_name = job.expected.runs.name != NameOrigin::Fixed && task.is_in(job.job_name());
    // The file's own name is made from the job's name, so only the folder is looked at.
    let path = job.checkpoint_path();
    let folder = path.as_deref().and_then(Path::parent);
    let is_in_path = folder.is_some_and(|folder| task.is_in_path(&folder.to_string_lossy()));
    (!is_in_name && !is_in_path).then_some(task)
}

fn task(job: &Job) -> Option<ArrayTask> {
    engine::array_task().filter(|_| !job.is_shared())
}

/// Returns the submission that the run belongs to, if a later task of the same submission is to find the job
/// finished.
///
/// A number in a name or a path may match the task's by accident. Only a name that is made as the program runs is
/// taken to tell the tasks apart, until the checkpoint `found` under it shows that several tasks use it.
pub(crate) fn kept_for(job: &Job, found: Option<&Checkpoint>) -> Option<u32> {
    let submission = submission_of_task(job)?;
    let is_own = job.expected.runs.name == NameOrigin::Made
        && task(job).is_some_and(|task| task.is_in_path(job.job_name()));
    let is_of_several = found.is_some_and(|it| it.noted(SUBMISSION) == Some(submission));
    (!is_own || is_of_several).then_some(submission)
}

/// Returns whether a finished checkpoint was kept for the tasks of another submission, or by this process, which does
/// the job once more.
pub(crate) fn was_kept_for_others(job: &Job, found: &Checkpoint) -> bool {
    let Some(kept) = found.noted(SUBMISSION).filter(|_| !job.saves.keep_on_success) else {
        return false;
    };
    let is_by_this = || {
        let finished = FINISHED_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        finished.contains(&finish_key(job))
    };
    found.is_finished() && (Some(kept) != submission_of_task(job) || is_by_this())
}

/// Returns a key that tells the job from other jobs of the process: its name and the path of its checkpoint.
pub(crate) fn finish_key(job: &Job) -> String {
    format!("{}\n{:?}", job.job_name(), job.checkpoint_path())
}

/// Returns the submission that the run belongs to, if the finished checkpoint is to be kept for its later tasks.
fn submission_of_task(job: &Job) -> Option<u32> {
    let task = task(job).filter(|_| !job.saves.keep_on_success);
    task.and_then(|_| noted(engine::submission()))
}
