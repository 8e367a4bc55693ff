//! The batch system that this process runs under, as far as its environment tells: which submission it is of, which task of
//! an array it is, and when its time ends.

mod array;
mod ends;
mod squeue;
mod submission;

pub use array::{ArrayTask, array_task};
pub use ends::{Heeded, heed, told};
pub use submission::submission;

/// What stands in the environment of a process that a batch system has started, and the system.
const ENGINES: [(&str, &str); 7] = [
    ("SLURM_JOB_ID", "Slurm"),
    ("AWS_BATCH_JOB_ID", "AWS Batch"),
    ("PBS_JOBID", "PBS"),
    ("LSB_JOBID", "LSF"),
    ("SGE_TASK_ID", "Grid Engine"),
    ("_CONDOR_JOB_AD", "HTCondor"),
    ("KUBERNETES_SERVICE_HOST", "Kubernetes"),
];

/// The name of the batch system, in an environment with those variables.
fn engine(variable: &impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    ENGINES.iter().find(|(name, _)| is_set(name)).map(|(_, engine)| *engine)
}

/// A variable of this process's environment.
fn own(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A number of a job or a task, as batch systems write it.
fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod testing {
    /// An environment with those variables.
    pub(super) fn environment<'v>(
        variables: &'v [(&str, &str)],
    ) -> impl Fn(&str) -> Option<String> + 'v {
        |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }
}
