//! The submission to a batch system that this process belongs to.

use super::array;
use super::environment::{is_number, own};

/// Returns a name of the submission that this process belongs to. All tasks of an array have the same one.
pub fn submission() -> Option<String> {
    of(own)
}

/// Returns the name of the submission, in an environment with these variables.
fn of(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let before = |value: String, end: char| value.split(end).next().map(str::to_owned);
    // Two clusters may use the same ids.
    let of_cluster = |id| match set("SLURM_CLUSTER_NAME") {
        Some(cluster) => format!("{id}@{cluster}"),
        None => id,
    };
    let of_array = || set("SLURM_ARRAY_JOB_ID").or_else(|| set("SLURM_JOB_ID")).map(of_cluster);
    let of_batch = || set("AWS_BATCH_JOB_ID").and_then(|id| before(id, ':'));
    let of_pbs = || set("PBS_JOBID").and_then(|id| before(id, '['));
    let of_lsf = || set("LSB_JOBID").filter(|id| is_number(id));
    // This is Grid Engine's; other systems may use the variable too.
    let of_grid = || set("SGE_TASK_ID").and_then(|_| set("JOB_ID"));
    let of_condor = || array::of_condor(&variable).map(|job| job.cluster);
    set("SAFE_STATE_SUBMISSION")
        .or_else(of_array)
        .or_else(of_batch)
        .or_else(of_pbs)
        .or_else(of_lsf)
        .or_else(of_grid)
        .or_else(of_condor)
}

#[cfg(test)]
mod tests {
    use super::super::environment::testing::environment;

    fn of(variables: &[(&str, &str)]) -> Option<String> {
        super::of(environment(variables))
    }

    #[test]
    fn all_tasks_of_an_array_are_of_one_submission() {
        let slurm = |task| of(&[("SLURM_JOB_ID", task), ("SLURM_ARRAY_JOB_ID", "17")]);
        assert_eq!([slurm("18"), slurm("19")], [Some("17".to_owned()), Some("17".to_owned())]);
        assert_eq!(of(&[("SLURM_JOB_ID", "18")]).as_deref(), Some("18"));
        assert_eq!(of(&[("AWS_BATCH_JOB_ID", "a-b:3")]).as_deref(), Some("a-b"));
        assert_eq!(of(&[("PBS_JOBID", "123[4].host")]).as_deref(), Some("123"));
        assert_eq!(of(&[("LSB_JOBID", "40"), ("LSB_JOBINDEX", "2")]).as_deref(), Some("40"));
        assert_eq!(of(&[("JOB_ID", "9"), ("SGE_TASK_ID", "2")]).as_deref(), Some("9"));
        assert_eq!(of(&[("JOB_ID", "9")]), None);
        let said = of(&[("SAFE_STATE_SUBMISSION", "uid"), ("SLURM_JOB_ID", "18")]);
        assert_eq!(said.as_deref(), Some("uid"));
        assert_eq!(of(&[("SAFE_STATE_SUBMISSION", "")]), None);
    }
}
