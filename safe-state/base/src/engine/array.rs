//! The task of an array that this process is.

use std::fs::{self, File};
use std::io::Read;

use super::environment::{is_number, own};

/// The variables by which batch systems tell a task its number.
const VARIABLES: [&str; 7] = [
    "SLURM_ARRAY_TASK_ID",
    "AWS_BATCH_JOB_ARRAY_INDEX",
    "PBS_ARRAY_INDEX",
    "PBS_ARRAYID",
    "LSB_JOBINDEX",
    "SGE_TASK_ID",
    "JOB_COMPLETION_INDEX",
];
/// The variable by which `HTCondor` names a file about the job, which has lines such as `ProcId = 3`.
const CONDOR: &str = "_CONDOR_JOB_AD";
/// The longest of these files that is read, in bytes.
const LONGEST_AD: u64 = 1 << 20;

/// A task of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayTask {
    /// The variable that has the number.
    pub variable: &'static str,
    /// The task's number, as the batch system writes it.
    pub index: String,
}

/// Returns this process's task of an array; `None` if it is not one of several.
pub fn array_task() -> Option<ArrayTask> {
    of(&own)
}

fn of(variable: &impl Fn(&str) -> Option<String>) -> Option<ArrayTask> {
    let is_alone = variable("SLURM_ARRAY_TASK_COUNT").is_some_and(|count| count.trim() == "1");
    // Grid Engine says `undefined` outside of arrays, and LSF 0.
    let is_index =
        |name: &str, index: &str| is_number(index) && !(name == "LSB_JOBINDEX" && index == "0");
    let of_variable = |name: &&'static str| {
        let index = variable(name).filter(|index| is_index(name, index))?;
        Some(ArrayTask { variable: name, index })
    };
    let of_condor = || {
        let job = of_condor(variable).filter(|job| job.is_one_of_several)?;
        Some(ArrayTask { variable: CONDOR, index: job.process })
    };
    VARIABLES.iter().find_map(of_variable).or_else(of_condor).filter(|_| !is_alone)
}

/// A job of `HTCondor`.
pub(super) struct CondorJob {
    pub(super) cluster: String,
    process: String,
    is_one_of_several: bool,
}

/// Returns the job that `HTCondor` describes, in an environment with these variables.
pub(super) fn of_condor(variable: &impl Fn(&str) -> Option<String>) -> Option<CondorJob> {
    let path = variable(CONDOR)?;
    let is_file = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
    let mut ad = String::new();
    File::open(&path).ok().filter(|_| is_file)?.take(LONGEST_AD).read_to_string(&mut ad).ok()?;
    let number = |name: &str| {
        let of_line = |line: &str| {
            let (found, value) = line.split_once('=')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        ad.lines().find_map(of_line).filter(|value| is_number(value))
    };
    let (cluster, process) = (number("ClusterId")?, number("ProcId")?);
    let is_one_of_several =
        process != "0" || number("TotalSubmitProcs").is_some_and(|count| count != "1");
    Some(CondorJob { cluster, process, is_one_of_several })
}

impl ArrayTask {
    /// Returns whether a name has the task's number in it.
    pub fn is_in(&self, name: &str) -> bool {
        name.split(|c: char| !c.is_ascii_digit()).any(|number| self.is_number(number))
    }

    /// Returns whether a part of a path is the task's number. Digits next to letters do not count, as they may mean anything.
    pub fn is_in_path(&self, path: &str) -> bool {
        path.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| self.is_number(part))
    }

    fn is_number(&self, text: &str) -> bool {
        let bare = |number: &str| number.trim_start_matches('0').to_owned();
        is_number(text) && bare(text) == bare(&self.index)
    }

    /// Returns advice about a job that every task of the array does.
    pub fn advice(&self) -> String {
        format!(
            "this is a task of an array (`{}` is {}), and the job has the same name in all of them: say `shared` if \
             they are to do it together, or put the task into the name if each has a job of its own, as in \
             `name = format!(\"import-{{}}\", ..)`",
            self.variable, self.index
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::environment::testing::environment;
    use super::*;

    fn task(variables: &[(&str, &str)]) -> Option<(&'static str, String)> {
        of(&environment(variables)).map(|task| (task.variable, task.index))
    }

    #[test]
    fn each_system_has_its_variable() {
        for name in VARIABLES {
            assert_eq!(task(&[(name, "3")]), Some((name, "3".to_owned())));
            assert_eq!(task(&[(name, "")]), None);
        }
        assert_eq!(task(&[("SGE_TASK_ID", "undefined")]), None);
        assert_eq!(task(&[("LSB_JOBINDEX", "0")]), None);
        assert_eq!(task(&[("JOB_COMPLETION_INDEX", "0")]).unwrap().1, "0");
        let alone = [("SLURM_ARRAY_TASK_ID", "3"), ("SLURM_ARRAY_TASK_COUNT", "1")];
        assert_eq!(task(&alone), None);
    }

    #[test]
    fn htcondor_tells_the_task_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".job.ad");
        let path_text = path.to_str().unwrap();
        let with = |ad: &str| {
            fs::write(&path, ad).unwrap();
            task(&[(CONDOR, path_text)]).map(|(_, index)| index)
        };
        assert_eq!(with("ClusterId = 7\nProcId = 2\nTotalSubmitProcs = 4\n").as_deref(), Some("2"));
        assert_eq!(with("ClusterId = 7\nProcId = 0\nTotalSubmitProcs = 4\n").as_deref(), Some("0"));
        assert_eq!(with("ClusterId = 7\nProcId = 0\nTotalSubmitProcs = 1\n"), None);
        assert_eq!(with("ProcId = 2\n"), None);
        assert_eq!(task(&[(CONDOR, dir.path().to_str().unwrap())]), None);
    }

    #[test]
    fn a_name_has_the_number_as_a_number() {
        let task = ArrayTask { variable: "SLURM_ARRAY_TASK_ID", index: "3".to_owned() };
        assert!(task.is_in("job-3") && task.is_in("job_003_x") && task.is_in("job3"));
        assert!(task.is_in_path("/a/3/b") && task.is_in_path("/a/task-3"));
        assert!(!task.is_in_path("/tmp/x3") && !task.is_in_path("/a/13"));
        assert!(!task.is_in("job-13") && !task.is_in("job") && !task.is_in("v30"));
        let first = ArrayTask { index: "0".to_owned(), ..task };
        assert!(first.is_in("job-0") && !first.is_in("job-10") && first.is_in("job-000"));
    }
}
