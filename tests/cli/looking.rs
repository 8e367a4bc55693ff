//! `list`, `peek` and `clear`.

use std::fs;

use safe_state_tests::Worker;
use serde_json::json;

use crate::command::{Jobs, command, tell, timeless};

#[test]
fn it_lists_what_is_there() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    jobs.job("bill").keep_on_success(true).run(0..10, |_| Ok::<_, safe_state::Error>(())).unwrap();
    let told = jobs.tell(&["list"]);
    let expected = "\
job   state     complete  of   done  runs  given up  updated
bill  finished        10  10  100 %     1         0  TIME
mail  failed           6   8   75 %     1         0  TIME
";
    assert_eq!((told.code, timeless(&told.out).as_str(), told.err.as_str()), (0, expected, ""));
}

#[test]
fn it_shows_how_far_a_job_has_come() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "connection reset\x1b[31m by\npeer");
    let told = jobs.tell(&["peek", "mail"]);
    let text = timeless(&told.out);
    let rate = text.lines().find(|line| line.contains("/s")).unwrap().to_owned();
    let text = text.replace(&rate, "  rate       RATE");
    let expected = "\
job mail: failed
  progress   6 of 8 items (75 %)
  completed  0-5
  rate       RATE
  runs       1
  started    TIME
  updated    TIME
  failure    item 6: connection reset\\u{1b}[31m by
    peer (std::io::error::Error), at tests/cli/command.rs:";
    assert!(text.starts_with(expected), "{text}");
    assert_eq!(told.code, 0);

    let answer = jobs.json(&["peek", "mail"]);
    for (field, value) in [
        ("job", json!("mail")),
        ("state", json!("failed")),
        ("completed", json!(6)),
        ("total", json!(8)),
        ("remaining", json!(2)),
        ("runs", json!(1)),
        ("completed_items", json!("0-5")),
    ] {
        assert_eq!(answer[field], value, "{field}");
    }
}

#[test]
fn it_clears_a_job() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    assert_eq!(jobs.json(&["clear", "mail"]), json!({ "cleared": "mail" }));
    assert_eq!(jobs.job("mail").peek_checkpoint().unwrap(), None);
}

#[test]
fn no_such_job_is_told_with_the_one_that_was_meant() {
    let jobs = Jobs::new();
    jobs.fail("invoices", 6, "no");
    for command in ["peek", "clear"] {
        let told = jobs.tell(&[command, "invoice"]);
        assert_eq!((told.code, told.out.as_str()), (3, ""));
        let place = jobs.dir().display();
        let expected =
            format!("error: there is no job `invoice` in `{place}`; did you mean `invoices`?\n");
        assert_eq!(told.err, expected);
    }
    let told = jobs.tell(&["--json", "peek", "mail"]);
    let error: serde_json::Value = serde_json::from_str(&told.err).unwrap();
    assert_eq!((told.code, &error["code"]), (3, &json!(3)));
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
fn damaged_and_foreign_files_are_told_apart() {
    let jobs = Jobs::new();
    jobs.fail("damaged", 6, "no");
    let path = jobs.job("damaged").checkpoint_path().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::write(jobs.dir().join("foreign.safestate"), "GIF89a").unwrap();
    jobs.fail("sound", 6, "no");

    assert_eq!(jobs.tell(&["peek", "damaged"]).code, 5);
    assert_eq!(jobs.tell(&["peek", "foreign"]).code, 6);
    let listed = jobs.tell(&["list"]);
    let states: Vec<_> =
        listed.out.lines().take(4).map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(states, ["state", "unreadable", "unreadable", "failed"]);
    assert!(
        listed.out.contains("damaged at byte 16")
            && listed.out.contains("this is not a file of safe-state")
    );
    assert_eq!(
        (listed.code, listed.err.as_str()),
        (5, "error: there are checkpoints that cannot be read\n")
    );
}

#[test]
fn an_empty_place_is_said_to_be_empty() {
    let jobs = Jobs::new();
    let told = jobs.tell(&["list"]);
    let expected = format!("there are no jobs in `{}`\n", jobs.dir().display());
    assert_eq!((told.code, told.out.as_str(), told.err), (0, "", expected));
    assert_eq!(jobs.json(&["list"]), json!({ "jobs": [] }));
}

#[test]
fn wrong_arguments_and_passwords() {
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
fn one_that_was_killed_is_told_from_one_that_runs() {
    let jobs = Jobs::new();
    let worker = Worker::holding(env!("CARGO_BIN_EXE_worker"), jobs.dir());
    let state = || jobs.json(&["list"])["jobs"][0]["state"].clone();
    assert_eq!(state(), "running");
    worker.kill();
    assert_eq!(state(), "interrupted");
}
