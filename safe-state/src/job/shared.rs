//! What is said of a job whose loops many workers share.

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
        self.submission.clone().or_else(|| submission(|name| std::env::var(name).ok()))
    }
}

/// Returns what names a submission to a batch system, in an environment with those variables. All tasks of an array have the same.
fn submission(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let before = |value: String, end: char| value.split(end).next().map(str::to_owned);
    let of_array = || set("SLURM_ARRAY_JOB_ID").or_else(|| set("SLURM_JOB_ID"));
    let of_batch = || set("AWS_BATCH_JOB_ID").and_then(|id| before(id, ':'));
    let of_pbs = || set("PBS_JOBID").and_then(|id| before(id, '['));
    // Of Grid Engine, whose name for it others may use as well.
    let of_grid = || set("SGE_TASK_ID").and_then(|_| set("JOB_ID"));
    set("SAFE_STATE_SUBMISSION")
        .or_else(of_array)
        .or_else(of_batch)
        .or_else(of_pbs)
        .or_else(of_grid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<String> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        submission(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn all_tasks_of_an_array_are_of_one_submission() {
        let slurm = |task| of(&[("SLURM_JOB_ID", task), ("SLURM_ARRAY_JOB_ID", "17")]);
        assert_eq!([slurm("18"), slurm("19")], [Some("17".to_owned()), Some("17".to_owned())]);
        assert_eq!(of(&[("SLURM_JOB_ID", "18")]).as_deref(), Some("18"));
        assert_eq!(of(&[("AWS_BATCH_JOB_ID", "a-b:3")]).as_deref(), Some("a-b"));
        assert_eq!(of(&[("PBS_JOBID", "123[4].host")]).as_deref(), Some("123"));
        assert_eq!(of(&[("JOB_ID", "9"), ("SGE_TASK_ID", "2")]).as_deref(), Some("9"));
        assert_eq!(of(&[("JOB_ID", "9")]), None);
        let said = of(&[("SAFE_STATE_SUBMISSION", "uid"), ("SLURM_JOB_ID", "18")]);
        assert_eq!(said.as_deref(), Some("uid"));
        assert_eq!(of(&[("SAFE_STATE_SUBMISSION", "")]), None);
    }
}
