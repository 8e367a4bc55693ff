//! Tests tasks of an array that share one job name.

use std::path::Path;
use std::process::{Command, Stdio};

use safe_state::Job;

use crate::{effects, program, said, until_begun};

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
        assert!(later.contains("a task of this array has finished the job"), "{later}");
    }
    assert_eq!(effects(dir.path()), [0, 1, 2, 3, 4]);
    // The next submission does the job anew, and so does a run that belongs to no submission.
    assert!(!run("80", "2").contains("has finished the job"));
    assert_eq!(effects(dir.path()).len(), 10);
    let alone = program("plain", dir.path()).output().unwrap();
    assert_eq!(said(&alone), "");
    assert_eq!(effects(dir.path()).len(), 15);
    let job = Job::new("engine").state_dir(dir.path());
    assert!(job.peek_checkpoint().unwrap().is_none(), "nothing is kept for nobody");
}

/// A digit in the name that is a task's number by accident does not tell the tasks apart.
#[test]
fn a_number_in_the_name_that_is_a_task_s_own_changes_nothing() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for kind in ["one", "constant", "versioned"] {
        for order in orders {
            let dir = tempfile::tempdir().unwrap();
            for number in order {
                let output = task(kind, dir.path(), "77", &number.to_string()).output().unwrap();
                assert!(output.status.success(), "{}", said(&output));
            }
            assert_eq!(effects(dir.path()), [0, 1, 2, 3, 4], "{kind}, {order:?}");
        }
    }
    // A digit in the folder's name does not tell them apart either.
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("runs-1");
    std::fs::create_dir(&place).unwrap();
    for number in ["1", "0", "2"] {
        let output = task("plain", &place, "77", number).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    assert_eq!(effects(&place), [0, 1, 2, 3, 4]);
}

#[test]
fn a_name_with_the_number_in_its_text_is_warned_of() {
    let dir = tempfile::tempdir().unwrap();
    let output = task("one", dir.path(), "77", "1").output().unwrap();
    assert!(said(&output).contains(WARNING), "{}", said(&output));
}

/// A process that does the job twice does it twice, as outside of an array.
#[test]
fn a_task_that_does_the_job_again_does_it() {
    let dir = tempfile::tempdir().unwrap();
    for (number, expected) in [("0", 10), ("1", 10)] {
        let output = task("twice", dir.path(), "77", number).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(effects(dir.path()).len(), expected);
    }
}

/// A job whose name is made with the task's number leaves nothing behind.
#[test]
fn a_job_of_each_task_s_own_is_removed_once_it_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let output = task("numbered", dir.path(), "77", "3").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(Job::new("engine-3").state_dir(dir.path()).peek_checkpoint().unwrap().is_none());
}

#[test]
fn the_refusal_of_a_second_task_names_the_array() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = task("held", dir.path(), "77", "0");
    let mut first = first.stdout(Stdio::null()).spawn().unwrap();
    until_begun(&mut first, dir.path());
    let output = task("held", dir.path(), "77", "1").output().unwrap();
    let told = said(&output);
    let error = told.lines().find(|line| line.starts_with("Error: ")).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains(WARNING) && error.contains("`shared`"), "{told}");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_job_that_allows_for_tasks_is_not_warned_of_an_array() {
    let dir = tempfile::tempdir().unwrap();
    for kind in ["numbered", "leaves"] {
        let output = task(kind, dir.path(), "77", "3").output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert!(!said(&output).contains("array"), "{}", said(&output));
    }
    // Each task has a folder of its own.
    let own = dir.path().join("task-3");
    std::fs::create_dir(&own).unwrap();
    let output = task("plain", &own, "77", "3").output().unwrap();
    assert!(!said(&output).contains("array"), "{}", said(&output));
    let undefined = program("plain", dir.path()).env("SGE_TASK_ID", "undefined").output().unwrap();
    assert!(!said(&undefined).contains("array"), "{}", said(&undefined));
}
