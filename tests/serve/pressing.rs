//! Tests that the buttons do what the command does.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::served::{Jobs, Served, Slow, send};

/// The time after which a test counts as hanging.
const LATE: Duration = Duration::from_secs(60);

/// Returns the names of the verbs that the job accepts now.
fn verbs(told: &Value) -> Vec<String> {
    let verbs = told["verbs"].as_array().unwrap().iter();
    verbs.map(|verb| verb["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_running_job_is_paused_resumed_and_cancelled() {
    let jobs = Jobs::new();
    let _slow = Slow::start("slow", jobs.dir(), "mail", 100_000, 2);
    jobs.wait_for("mail", |peek| peek["state"] == "running");
    let served = jobs.serve(&[]);
    let told = || served.get("/api/job?job=mail").json();
    assert_eq!(verbs(&told()), ["pause", "cancel"]);
    assert_eq!(served.press("pause", "mail").status, 200);
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], "pause");
    assert_eq!(verbs(&told()), ["resume", "cancel"]);
    assert_eq!(served.press("resume", "mail").status, 200);
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], Value::Null);
    assert_eq!(served.press("clear", "mail").status, 409, "it runs");
    assert_eq!(served.press("cancel", "mail").status, 200);
    jobs.wait_for("mail", |peek| peek["state"] == "stopped");
    let after = told();
    assert_eq!(verbs(&after), ["pause", "retry", "accept", "clear"], "{after}");
}

#[test]
fn buttons_retry_dead_letters_accept_changes_and_clear_the_job() {
    let jobs = Jobs::new();
    send(jobs.dir(), &[true, false, true]).unwrap();
    let served = jobs.serve(&[]);
    assert_eq!(
        served.press("retry", "mail").json(),
        json!({ "done": "items put back, for its next run to do: 1" })
    );
    assert_eq!(jobs.json(&["peek", "mail"])["dead_letters"], 0);
    assert_eq!(served.press("accept", "mail").status, 200);
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], "accept");
    assert_eq!(served.press("clear", "mail").status, 200);
    assert_eq!(served.get("/api/job?job=mail").status, 404);
    for verb in ["pause", "resume", "cancel", "retry", "accept", "clear"] {
        let answer = served.press(verb, "mail");
        assert_eq!(answer.status, 404, "{verb}: {answer:?}");
        assert_eq!(answer.json()["error"], "there is no checkpoint of job `mail`");
    }
}

#[test]
fn the_item_that_failed_is_skipped_and_no_other() {
    let jobs = Jobs::new();
    jobs.fail("mail", 5, "no such mailbox");
    let served = jobs.serve(&[]);
    let told = served.get("/api/job?job=mail").json();
    let skip = told["verbs"].as_array().unwrap().iter().find(|it| it["name"] == "skip").unwrap();
    assert_eq!(skip["item"], 5, "{told}");
    let press = |item: Value| {
        let body = json!({ "verb": "skip", "job": "mail", "item": item }).to_string();
        served.post(&[], Some(served.token()), &body).json()
    };
    for other in [json!(4), Value::Null] {
        assert_eq!(press(other)["done"], "it is at another item by now: nothing was skipped");
    }
    assert_eq!(jobs.json(&["peek", "mail"])["completed"], 5);
    assert_eq!(press(json!(5))["done"], "its next run passes over item 5");
    let peek = jobs.json(&["peek", "mail"]);
    assert_eq!((&peek["completed"], &peek["skipped"]), (&json!(6), &json!(1)));
    assert!(!verbs(&served.get("/api/job?job=mail").json()).contains(&"skip".to_owned()));
    assert_eq!(press(json!(5))["done"], "it is at another item by now: nothing was skipped");
    // The job would fail at item 5 again, so its success shows that item 5 is skipped.
    let fails = |item| if item == 5 { Err(std::io::Error::other("five")) } else { Ok(()) };
    jobs.job("mail").run(0..8, fails).unwrap();
}

#[test]
fn the_item_in_which_the_process_died_is_skipped() {
    let jobs = Jobs::new();
    let slow = Slow::start("poison", jobs.dir(), "mail", 8, 3);
    jobs.wait_for("mail", |peek| peek["completed"] == 3);
    slow.kill();
    let slow = Slow::start("poison", jobs.dir(), "mail", 8, 3);
    jobs.wait_for("mail", |peek| peek["runs"] == 2 && peek["death"].is_null());
    slow.kill();
    jobs.wait_for("mail", |peek| peek["death"]["item"] == 3);
    let served = jobs.serve(&[]);
    let told = served.get("/api/job?job=mail").json();
    let skip = told["verbs"].as_array().unwrap().iter().find(|it| it["name"] == "skip").unwrap();
    assert_eq!(skip["item"], 3, "{told}");
}

/// Returns the verbs that were pressed for a job, each with who pressed it and what it did.
fn presses(served: &Served, job: &str) -> Vec<[String; 3]> {
    let told = served.get(&format!("/api/presses?job={job}")).json();
    let presses = told["presses"].as_array().unwrap().iter();
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    presses.map(|it| ["verb", "who", "done"].map(|name| text(it, name))).collect()
}

#[test]
fn who_pressed_a_button_is_kept_also_of_a_job_that_is_cleared() {
    let jobs = Jobs::new();
    jobs.fail("mail", 3, "no");
    let served = jobs.serve(&[]);
    assert_eq!(presses(&served, "mail"), [[""; 3]; 0]);
    assert_eq!(served.press("pause", "mail").status, 200);
    assert_eq!(served.press("resume", "mail").status, 200);
    assert_eq!(served.press("no-such", "mail").status, 404);
    let body = json!({ "verb": "clear", "job": "mail" }).to_string();
    let pretends = [("X-Remote-User", "eve")];
    assert_eq!(served.post(&pretends, Some(served.token()), &body).status, 200);
    let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let me = format!("{}, on the machine of the page", me.trim());
    let kept = [
        ["pause", &me, "it was asked to wait before its next item"],
        ["resume", &me, "it may continue"],
        ["clear", &me, "its next run starts over"],
    ];
    assert_eq!(presses(&served, "mail"), kept);
    drop(served);
    // The second server stands behind a proxy, which names the user.
    jobs.fail("mail", 3, "no");
    let served = jobs.serve(&["--user-header", "X-Remote-User"]);
    let body = json!({ "verb": "pause", "job": "mail" }).to_string();
    let given = [("X-Remote-User", "ada@example.org")];
    assert_eq!(served.post(&given, Some(served.token()), &body).status, 200);
    assert_eq!(presses(&served, "mail")[3][1], "ada@example.org");
    assert_eq!(presses(&served, "bill"), [[""; 3]; 0]);
    assert_eq!(jobs.json(&["list"])["jobs"].as_array().unwrap().len(), 1);
}

/// Writes a program that stands in for the desktop's opener: it copies the file that it is to open.
fn opener(dir: &Path) {
    let path = dir.join("xdg-open");
    let script = "#!/bin/sh\ncp -p \"$1\" \"$OPENED.half\" && mv \"$OPENED.half\" \"$OPENED\"\n";
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_browser_is_opened_by_a_file_that_others_cannot_read() {
    let jobs = Jobs::new();
    jobs.fail("tenant/7", 3, "no");
    let dir = tempfile::tempdir().unwrap();
    opener(dir.path());
    let opened = dir.path().join("opened");
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let mut command = jobs.command();
    command.args(["serve", "tenant/7", "--json", "--open"]);
    command.env("PATH", path).env("OPENED", &opened).env("TMPDIR", dir.path());
    let served = Served::start(&mut command);
    let began = Instant::now();
    while !opened.exists() {
        assert!(began.elapsed() < LATE);
        std::thread::yield_now();
    }
    let page = fs::read_to_string(&opened).unwrap();
    assert!(served.link.contains("#/job/tenant%2F7?token="), "{}", served.link);
    assert!(page.contains(&format!("url={}\"", served.link)), "{page}");
    assert_eq!(fs::metadata(&opened).unwrap().permissions().mode() & 0o777, 0o600);
    let arguments = fs::read(format!("/proc/{}/cmdline", served.pid())).unwrap();
    assert!(!String::from_utf8_lossy(&arguments).contains(served.token()));
}
