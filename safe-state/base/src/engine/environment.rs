//! The variables that a batch system sets in the environment of a process.

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
pub(super) fn engine(variable: &impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    ENGINES.iter().find(|(name, _)| is_set(name)).map(|(_, engine)| *engine)
}

/// Returns a variable of this process's environment.
pub(super) fn own(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns whether the text is a number of a job or a task, as batch systems write it.
pub(super) fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
pub(super) mod testing {
    /// Returns an environment with these variables.
    pub(in super::super) fn environment<'v>(
        variables: &'v [(&str, &str)],
    ) -> impl Fn(&str) -> Option<String> + 'v {
        |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }
}
