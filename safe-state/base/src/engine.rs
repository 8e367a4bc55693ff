//! The batch system that this process runs under, as far as its environment tells: the submission that the process belongs to,
//! its task of an array, and the end of its time.

mod array;
mod ends;
mod squeue;
mod submission;

pub use array::{ArrayTask, array_task};
pub use ends::{EndWatch, heed, told};
pub use submission::submission;

/// A variable in the environment of a process that each batch system has started, and the system's name.
const ENGINES: [(&str, &str); 7] = [
    ("SLURM_JOB_ID", "Slurm"),
    ("AWS_BATCH_JOB_ID", "AWS Batch"),
    ("PBS_JOBID", "PBS"),
    ("LSB_JOBID", "LSF"),
    ("SGE_TASK_ID", "Grid Engine"),
    ("_CONDOR_JOB_AD", "HTCondor"),
    ("KUBERNETES_SERVICE_HOST", "Kubernetes"),
];

/// Returns the name of the batch system, in an environment with these variables.
fn engine(variable: &impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    ENGINES.iter().find(|(name, _)| is_set(name)).map(|(_, engine)| *engine)
}

/// Returns a variable of this process's environment.
fn own(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns whether the text is a number of a job or a task, as batch systems write it.
fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod testing {
    /// Returns an environment with these variables.
    pub(super) fn environment<'v>(
        variables: &'v [(&str, &str)],
    ) -> impl Fn(&str) -> Option<String> + 'v {
        |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }
}
