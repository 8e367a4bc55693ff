//! Tests that the page tells what the command tells, and tells it as it changes.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::Events;
use crate::served::{Jobs, Slow, send};

#[test]
fn a_job_is_what_peek_and_history_tell() {
    let jobs = Jobs::new();
    jobs.fail("tenant/7", 5, "no such <b>box</b>");
    jobs.fail("tenant/7", 6, "no such box");
    let served = jobs.serve(&[]);
    let told = served.get("/api/job?job=tenant%2F7").json();
    assert_eq!(told["peek"], jobs.json(&["peek", "tenant/7"]));
    assert_eq!(told["history"], jobs.json(&["history", "tenant/7"])["history"]);
    assert_eq!(told["failure"]["message"], "no such box");
    assert!(told["report"].as_str().unwrap().contains("no such box"), "{told}");
    let report = served.get("/report?job=tenant%2F7");
    assert!(report.body.contains("<h1>no such box</h1>"), "{report:?}");
    assert!(report.header("content-security-policy").unwrap().contains("sandbox"));
    for path in ["/api/job?job=other", "/report?job=other", "/api/letters?job=other", "/no/such"] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
}

#[test]
fn the_list_is_what_list_tells() {
    let jobs = Jobs::new();
    for (name, at) in [("mail", 3), ("bill", 5), ("Box", 0)] {
        jobs.fail(name, at, "no");
    }
    jobs.job("whole").keep_on_success(true).run(0..9, |_| Ok::<(), std::io::Error>(())).unwrap();
    std::fs::write(jobs.dir().join("broken.safestate"), "no checkpoint").unwrap();
    let served = jobs.serve(&[]);
    let told = served.get("/api/jobs").json();
    let rows: Vec<Value> =
        told["jobs"].as_array().unwrap().iter().map(|row| row["job"].clone()).collect();
    assert_eq!(Value::from(rows), jobs.json(&["list"])["jobs"]);
    assert_eq!(told["states"], serde_json::json!({ "failed": 3, "finished": 1, "unreadable": 1 }));
    let names = |query: &str| -> Vec<String> {
        let told = served.get(&format!("/api/jobs?{query}")).json();
        let rows = told["jobs"].as_array().unwrap().iter();
        rows.map(|row| row["job"]["job"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("limit=2"), ["Box", "bill"]);
    assert_eq!(names("limit=2&offset=3"), ["mail", "whole"]);
    assert_eq!(names("q=b"), ["Box", "bill", "broken"]);
    assert_eq!(names("state=finished"), ["whole"]);
    assert_eq!(names("sort=updated&state=failed"), ["Box", "bill", "mail"]);
    assert_eq!(names("sort=state")[4], "whole");
    assert_eq!(served.get("/api/jobs?sort=colour").status, 400);
}

#[test]
fn dead_letters_are_told_in_parts() {
    let jobs = Jobs::new();
    send(jobs.dir(), &[false; 9]).unwrap();
    let served = jobs.serve(&[]);
    let all = jobs.json(&["dead-letters", "mail"]);
    assert_eq!(served.get("/api/letters?job=mail").json(), all);
    let some = served.get("/api/letters?job=mail&offset=4&limit=2").json();
    assert_eq!(
        some["dead_letters"].as_array().unwrap()[..],
        all["dead_letters"].as_array().unwrap()[4..6]
    );
    assert_eq!(some["count"], 9);
    let report = served.get("/report?job=mail&letter=4");
    assert!(report.body.contains("<h1>no such mailbox</h1>"), "{report:?}");
    assert!(report.body.contains("<th>item</th><td><pre>4</pre>"), "{report:?}");
    assert!(report.header("content-security-policy").unwrap().contains("sandbox"));
    assert_eq!(served.get("/report?job=mail&letter=9").status, 404);
    assert_eq!(served.get("/report?job=mail").status, 404, "the run has not failed");
}

/// Waits for events of a job until one tells a state that `is` accepts.
fn until(events: &mut Events, is: impl Fn(&Value) -> bool) -> Value {
    loop {
        let (name, told) = events.next();
        // The job's program has not yet begun the job.
        if name == "gone" {
            continue;
        }
        assert_eq!(name, "job", "{told}");
        if is(&told["peek"]) {
            return told;
        }
    }
}

/// The time after which a test counts as hanging.
const LATE: Duration = Duration::from_secs(60);

fn a_running_job_is_told(kind: &str) {
    let jobs = Jobs::new();
    let slow = Slow::start(kind, jobs.dir(), "mail", 100_000, 2);
    let served = jobs.serve(&[]);
    let mut events = Events::of(served.address, "/api/job/events?job=mail");
    let begun = until(&mut events, |peek| peek["state"] == "running");
    let completed = begun["peek"]["completed"].as_u64().unwrap();
    let later = until(&mut events, |peek| peek["completed"].as_u64().unwrap() > completed + 20);
    assert_eq!(later["pace"]["seen"][1], later["peek"]["completed"]);
    let memory = &later["memory"][0];
    assert_eq!(memory["pid"], slow.pid());
    let [now, peak] = ["bytes", "peak_bytes"].map(|it| memory[it].as_u64().unwrap());
    assert!(0 < now && now <= peak, "{memory}");
    until(&mut events, |peek| peek["items_per_second"].as_f64().is_some());
    // The server asks nothing of the job, and sees that its process is gone.
    slow.kill();
    let died = until(&mut events, |peek| peek["state"] == "killed");
    assert_eq!(died["peek"], jobs.json(&["peek", "mail"]));
    assert_eq!(died["memory"], serde_json::json!([]));
    let again = Slow::start(kind, jobs.dir(), "mail", 100_000, 2);
    let told = until(&mut events, |peek| peek["state"] == "running");
    assert_eq!(told["peek"]["runs"], 2);
    assert!(told["peek"]["completed"].as_u64() >= died["peek"]["completed"].as_u64());
    drop(again);
}

#[test]
fn a_running_job_is_told_as_it_changes_dies_and_goes_on() {
    a_running_job_is_told("slow");
}

#[test]
fn a_job_with_a_page_is_told_as_well() {
    a_running_job_is_told("paged");
}

/// Checks that the page tells of a worker that takes two hundred times as long as the two others.
fn a_worker_that_lags_behind_is_told(kind: &str) {
    let jobs = Jobs::new();
    let start = |millis| Slow::start(kind, jobs.dir(), "mail", 0, millis);
    let (slow, _others) = (start(40_000), [start(200), start(200)]);
    let served = jobs.serve(&[]);
    let mut events = Events::of(served.address, "/api/job/events?job=mail");
    let lagging = |peek: &Value| -> Vec<Value> {
        let workers = peek["shared"]["workers"].as_array().cloned().unwrap_or_default();
        let lag = workers.into_iter().filter(|it| it["straggles"] == true);
        lag.map(|it| it["pid"].clone()).collect()
    };
    let told = loop {
        let (name, told) = events.next();
        if name == "job" && lagging(&told["peek"]) == [slow.pid()] {
            break told;
        }
    };
    assert_eq!(told["peek"]["stragglers"], 1, "{told}");
    let memory = told["memory"].as_array().unwrap();
    assert!(memory.iter().any(|it| it["pid"] == slow.pid()), "{told}");
}

#[test]
fn what_a_worker_saves_of_its_slice_is_told_before_that_is_finished() {
    let jobs = Jobs::new();
    let _worker = Slow::start("worker", jobs.dir(), "mail", 0, 500);
    let served = jobs.serve(&[]);
    let mut events = Events::of(served.address, "/api/job/events?job=mail");
    let within = |events: &mut Events, from: u64| loop {
        let (name, told) = events.next();
        let peek = &told["peek"];
        if name == "job" && peek["shared"]["finished_slices"] == 0 {
            let completed = peek["completed"].as_u64().unwrap();
            if completed > from {
                break completed;
            }
        }
        assert!(!(name == "job" && peek["shared"]["finished_slices"] == 1), "{told}");
    };
    let first = within(&mut events, 0);
    within(&mut events, first);
}

#[test]
fn a_worker_that_lags_behind_the_others_is_told() {
    a_worker_that_lags_behind_is_told("worker");
}

#[test]
fn a_worker_that_lags_behind_and_saves_in_pages_is_told() {
    a_worker_that_lags_behind_is_told("paged_worker");
}

#[test]
fn the_list_is_told_as_it_changes() {
    let jobs = Jobs::new();
    jobs.fail("bill", 3, "no");
    let served = jobs.serve(&[]);
    let mut events = Events::of(served.address, "/api/jobs/events?limit=10");
    let began = Instant::now();
    let mut wait_for = |what: &str, is: &dyn Fn(&str, &Value) -> bool| loop {
        assert!(began.elapsed() < LATE, "{what}");
        let (name, told) = events.next();
        if is(&name, &told) {
            break told;
        }
    };
    let of = |told: &Value, name: &str| -> Option<Value> {
        let rows = told["jobs"].as_array().unwrap().iter();
        rows.map(|row| row["job"].clone()).find(|job| job["job"] == name)
    };
    wait_for("the first", &|_, told| of(told, "bill").is_some());
    let slow = Slow::start("slow", jobs.dir(), "mail", 100_000, 2);
    wait_for("a new one", &|name, told| name == "window" && of(told, "mail").is_some());
    // A job that has not changed is not told again.
    let told = wait_for("its progress", &|name, told| {
        name == "rows" && of(told, "mail").is_some_and(|job| job["state"] == "running")
    });
    assert_eq!(of(&told, "bill"), None, "{told}");
    drop(slow);
    wait_for("its end", &|_, told| of(told, "mail").is_some_and(|job| job["state"] == "killed"));
    jobs.json(&["clear", "bill"]);
    wait_for("one less", &|name, told| name == "window" && of(told, "bill").is_none());
}
