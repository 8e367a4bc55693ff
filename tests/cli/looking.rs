//! Tests `list`, `peek` and `clear`.

use safe_state::State;
use safe_state_tests::Worker;
use serde_json::json;

use crate::command::{Jobs, command, tell};

#[test]
fn clear_removes_the_checkpoint_of_a_job() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    assert_eq!(jobs.json(&["clear", "mail"]), json!({ "cleared": "mail" }));
    assert_eq!(jobs.job("mail").peek_checkpoint().unwrap(), None);
}

#[test]
fn what_is_asked_of_a_job_that_has_not_begun_is_listed() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let long = "x".repeat(300);
    for (verb, job) in [("pause", "later"), ("abandon", &long), ("pause", "mail")] {
        assert_eq!(jobs.tell(&[verb, job, "--reason", "no paper"]).code, 0);
    }
    let listed = || {
        let jobs = jobs.json(&["list"])["jobs"].clone();
        let row = |it: &serde_json::Value| format!("{} {}", it["job"], it["state"]);
        jobs.as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    let quoted = format!("\"{long}\" \"abandoned\"");
    assert_eq!(listed(), ["\"later\" \"paused\"", "\"mail\" \"failed\"", &quoted]);
    let states: Vec<_> = jobs.job("any").list().unwrap().iter().map(|it| it.state).collect();
    assert_eq!(states, [State::Paused, State::Failed, State::Abandoned]);
    let watched = jobs.json(&["watch", "--looks", "1"]);
    assert_eq!(watched["jobs"][0]["reason"], "no paper");
    assert_eq!(watched["jobs"].as_array().unwrap().len(), 3);
    for job in ["later", &long] {
        jobs.tell(&["resume", job]);
    }
    assert_eq!(listed(), ["\"mail\" \"failed\""]);
    // A request that can't be read is told as a job that can't be.
    jobs.tell(&["pause", "later"]);
    let request = jobs.dir().join("safe-state%2Frequest%2Flater.safestate");
    let mut bytes = std::fs::read(&request).unwrap();
    bytes[24] ^= 1;
    std::fs::write(&request, bytes).unwrap();
    let told = jobs.tell(&["list"]);
    assert!(told.code == 5 && told.out.contains("later"), "{told:?}");
    assert_eq!(jobs.job("any").list().unwrap()[0].state, State::Unreadable);
}

#[test]
fn a_job_that_runs_is_looked_at_and_not_cleared() {
    let jobs = Jobs::new();
    let run = jobs.job("mail").run(0..3, |item| {
        if item == 2 {
            let peeked = jobs.json(&["peek", "mail"]);
            assert_eq!(peeked["completed"], 2);
            assert_eq!(peeked["state"], "running");
            assert_eq!(peeked["holder"]["pid"], std::process::id());
            let told = jobs.tell(&["clear", "mail"]);
            assert_eq!(told.code, 4, "{told:?}");
            assert!(told.err.starts_with("error: job `mail` is already running: pid "), "{told:?}");
        }
        Ok::<_, safe_state::Error>(())
    });
    run.unwrap();
}

#[test]
fn wrong_arguments_are_refused_and_no_password_is_shown() {
    assert_eq!(tell(command().arg("peep")).code, 2);
    assert_eq!(tell(command().args(["list", "--dir", "a", "--backend", "file:a"])).code, 2);
    let told = tell(command().args(["list", "--backend", "floppy://me:hush@host/a"]));
    assert_eq!(told.code, 1);
    assert!(
        told.err.contains("there is no scheme `floppy`") && !told.err.contains("hush"),
        "{told:?}"
    );
}

#[test]
fn the_place_comes_from_the_environment_as_it_does_for_programs() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let by_dir = tell(command().arg("list").env("SAFE_STATE_DIR", jobs.dir()));
    let url = format!("file:{}", jobs.dir().display());
    let by_url = tell(command().arg("list").env("SAFE_STATE_BACKEND", url));
    assert_eq!((by_dir.code, &by_dir.out), (0, &by_url.out));
    assert!(by_dir.out.contains("mail"));
}

#[test]
fn a_directory_in_the_place_of_a_url_is_told_where_it_comes_from() {
    let told = tell(command().arg("list").env("SAFE_STATE_BACKEND", "/var/jobs"));
    assert_eq!(told.code, 1);
    for part in ["for a directory write `file:DIR`", "it comes from $SAFE_STATE_BACKEND"] {
        assert!(told.err.contains(part), "{told:?}");
    }
    let told = tell(command().args(["list", "--backend", "/var/jobs"]));
    assert!(told.code == 1 && !told.err.contains("SAFE_STATE_BACKEND"), "{told:?}");
}

#[test]
fn a_killed_job_is_told_from_one_that_runs() {
    let jobs = Jobs::new();
    let worker = Worker::holding(env!("CARGO_BIN_EXE_worker"), jobs.dir());
    let state = || jobs.json(&["list"])["jobs"][0]["state"].clone();
    assert_eq!(state(), "running");
    worker.kill();
    assert_eq!(state(), "killed");
}
