//! Tasks of an array that have one name.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use safe_state::Job;

use crate::{effects, program, said};

fn task(kind: &str, dir: &Path, array: &str, number: &str) -> Command {
    let mut command = program(kind, dir);
    command.env("SLURM_ARRAY_JOB_ID", array).env("SLURM_ARRAY_TASK_ID", number);
    command.env("SLURM_ARRAY_TASK_COUNT", "4").env("SAFE_STATE_END_TIME", "99999999999");
    command
}

const WARNING: &str = "this is a task of an array (`SLURM_ARRAY_TASK_ID` is";

#[test]
fn a_task_that_finds_the_job_finished_does_not_do_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let run = |array: &str, number: &str| {
        let output = task("plain", dir.path(), array, number).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    let first = run("77", "0");
    assert!(first.contains(WARNING) && first.contains("say `shared`"), "{first}");
    for number in ["1", "3"] {
        let later = run("77", number);
        assert!(later.contains("another task of this array has finished the job"), "{later}");
    }
    assert_eq!(effects(dir.path()), [0, 1, 2, 3, 4]);
    // The next submission begins it anew, and so does a run that is of none.
    assert!(!run("80", "2").contains("another task"));
    assert_eq!(effects(dir.path()).len(), 10);
    let alone = program("plain", dir.path()).output().unwrap();
    assert_eq!(said(&alone), "");
    assert_eq!(effects(dir.path()).len(), 15);
    let job = Job::new("engine").state_dir(dir.path());
    assert!(job.peek_checkpoint().unwrap().is_none(), "nothing is kept for nobody");
}

#[test]
fn the_refusal_of_a_second_one_names_the_array() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = task("held", dir.path(), "77", "0");
    let mut first = first.stdout(Stdio::null()).spawn().unwrap();
    while Job::new("engine").state_dir(dir.path()).peek_checkpoint().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = task("held", dir.path(), "77", "1").output().unwrap();
    let told = said(&output);
    let error = told.lines().find(|line| line.starts_with("Error: ")).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains(WARNING) && error.contains("`shared`"), "{told}");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_task_is_no_matter_where_the_job_has_it() {
    let dir = tempfile::tempdir().unwrap();
    for kind in ["numbered", "leaves"] {
        let output = task(kind, dir.path(), "77", "3").output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert!(!said(&output).contains("array"), "{}", said(&output));
    }
    // Each has a place of its own.
    let own = dir.path().join("task-3");
    std::fs::create_dir(&own).unwrap();
    let output = task("plain", &own, "77", "3").output().unwrap();
    assert!(!said(&output).contains("array"), "{}", said(&output));
    let undefined = program("plain", dir.path()).env("SGE_TASK_ID", "undefined").output().unwrap();
    assert!(!said(&undefined).contains("array"), "{}", said(&undefined));
}
