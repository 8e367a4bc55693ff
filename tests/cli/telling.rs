//! Tests `failure`, `dead-letters`, `history`, `explain` and `completions`.

use std::process::Command;

use safe_state::{Action, Error, ErrorContext, resumable};
use serde_json::{Value, json};

use crate::command::{Jobs, command, tell};
use crate::transcript::Transcript;

#[derive(Debug, thiserror::Error)]
#[error("cannot send\nthis mail")]
struct NotSent(#[source] std::io::Error);

impl From<Error> for NotSent {
    fn from(error: Error) -> Self {
        NotSent(error.into())
    }
}

#[resumable(name = "mail", state_dir = jobs.dir(), iter = items, version = "v3", carry(sent), capture(item), max_attempts = 2, backoff = safe_state::Backoff::none(), on_error = decide, fresh(fails))]
fn send(jobs: &Jobs, items: &[u64], fails: bool) -> Result<u64, NotSent> {
    let mut sent = 0;
    for item in items {
        if *item == 2 || (fails && *item == 5) {
            return Err(NotSent(std::io::Error::other("the peer is gone")));
        }
        sent += 1;
    }
    Ok(sent)
}

fn decide(error: &ErrorContext) -> Action {
    match error.index() {
        2 if error.attempt() == 2 => Action::DeadLetter,
        _ => Action::Retry,
    }
}

fn sent(fails: bool) -> Jobs {
    let jobs = Jobs::new();
    let _ = send(&jobs, &[0, 1, 2, 3, 4, 5, 6, 7], fails);
    jobs
}

#[test]
fn a_failure_is_told_with_its_causes_and_what_was_captured() {
    let jobs = sent(true);
    let told = jobs.tell(&["failure", "mail"]);
    for part in ["cannot send", "the peer is gone", "cli::telling::NotSent", "tests/cli/telling.rs"]
    {
        assert!(told.out.contains(part), "{part}: {told:?}");
    }
    assert!(!told.out.contains('\x1b'), "there is no terminal: {told:?}");
    let answer = jobs.json(&["failure", "mail"]);
    assert_eq!((&answer["safe_state_report"], &answer["job"]), (&json!(1), &json!("mail")));
    assert_eq!(answer["failure"]["index"], 5);
    assert_eq!(answer["failure"]["captured"], json!([{ "name": "item", "value": "5" }]));
}

#[test]
fn a_failure_becomes_a_page_and_a_file_that_opens_elsewhere() {
    let jobs = sent(true);
    let page = jobs.tell(&["failure", "mail", "--html", "-"]);
    assert!(page.code == 0 && page.out.starts_with("<!DOCTYPE html>"), "{page:?}");
    let saved = jobs.dir().join("saved.report");
    let saved = saved.to_str().unwrap();
    assert_eq!(jobs.json(&["failure", "mail", "--save", saved]), json!({ "written": saved }));
    let elsewhere = Jobs::new();
    let opened = elsewhere.tell(&["failure", "--report", saved]);
    assert_eq!(opened.out, jobs.tell(&["failure", "mail"]).out);
    std::fs::write(saved, "GIF89a").unwrap();
    assert_eq!(elsewhere.tell(&["failure", "--report", saved]).code, 6);
    assert_eq!(elsewhere.tell(&["failure", "--report", "/nowhere"]).code, 1);
    assert_eq!(elsewhere.tell(&["failure"]).code, 2);
}

#[test]
fn what_was_given_up_on_and_what_a_run_would_do_are_shown() {
    let jobs = sent(true);
    Transcript::default()
        .both(&jobs, "peek mail")
        .both(&jobs, "explain mail")
        .both(&jobs, "dead-letters mail")
        .both(&jobs, "retry mail")
        .assert(&jobs, "carried_and_given_up");
}

#[test]
fn an_item_that_was_given_up_is_not_said_to_be_done_again() {
    let jobs = sent(false);
    Transcript::default().typed(&jobs, "explain mail").assert(&jobs, "done_and_given_up");
}

#[test]
fn an_item_that_the_process_died_in_is_named_until_it_is_given_up() {
    let jobs = Jobs::new();
    let run = || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_limits_in_loops"));
        program.arg("spins").arg(jobs.dir()).status().unwrap()
    };
    assert!(!run().success());
    let died = Transcript::default()
        .both(&jobs, "peek limited")
        .typed(&jobs, "explain limited")
        .typed(&jobs, "failure limited");
    assert!(run().success());
    died.typed(&jobs, "explain limited").assert(&jobs, "died");
}

#[test]
fn each_run_is_told_with_its_end() {
    let jobs = Jobs::new();
    let job = jobs.job("mail").keep_on_success(true);
    jobs.fail("mail", 3, "no");
    job.clone()
        .max_runtime(std::time::Duration::ZERO)
        .run(0..8, |_| Ok::<_, Error>(()))
        .unwrap_err();
    job.run(0..8, |item| {
        if item == 5 {
            assert_eq!(ends(&jobs), ["failed", "stopped", "running"]);
        }
        Ok::<_, Error>(())
    })
    .unwrap();
    assert_eq!(ends(&jobs), ["failed", "stopped", "finished"]);
    let history = jobs.json(&["history", "mail"])["history"].clone();
    let completed: Vec<&Value> =
        history.as_array().unwrap().iter().map(|run| &run["completed"]).collect();
    assert_eq!(completed, [3, 0, 5]);
    assert_eq!(history[0]["pid"], std::process::id());
}

fn ends(jobs: &Jobs) -> Vec<String> {
    let told = jobs.json(&["history", "mail"]);
    let runs = told["history"].as_array().unwrap().iter();
    runs.map(|run| run["end"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_stopped_job_is_told_from_one_that_died() {
    let jobs = Jobs::new();
    let job = jobs.job("mail").max_runtime(std::time::Duration::ZERO);
    job.run(0..8, |_| Ok::<_, Error>(())).unwrap_err();
    assert_eq!(jobs.tell(&["peek", "mail"]).code, 3, "it has begun nothing");
    jobs.fail("mail", 2, "no");
    job.run(0..8, |_| Ok::<_, Error>(())).unwrap_err();
    assert_eq!(jobs.json(&["peek", "mail"])["state"], "stopped");
}

#[test]
fn shells_get_their_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let told = tell(command().args(["completions", shell]));
        assert!(told.code == 0 && told.out.contains("dead-letters"), "{told:?}");
    }
}
