//! Tests that the times of items and the cost of saves are told as they are, over kills, and alike by the command and the page.

use serde_json::Value;

use crate::browser::Browser;
use crate::served::{Jobs, Slow};

fn items_of(peek: &Value) -> Option<u64> {
    peek["timings"]["all_runs"]["items"]["count"].as_u64()
}

/// Runs a job until so many items are timed, and kills it. Every twentieth takes 200 ms, and the others take 20 ms.
fn timed_until(jobs: &Jobs, items: u64) -> Value {
    let slow = Slow::start("timed", jobs.dir(), "mail", 100_000, 20);
    jobs.wait_for("mail", |peek| items_of(peek) >= Some(items));
    slow.kill();
    jobs.json(&["peek", "mail"])
}

fn seconds(times: &Value, of: &str) -> f64 {
    times[format!("{of}_seconds")].as_f64().unwrap()
}

#[test]
fn items_are_timed_over_runs_that_are_killed() {
    let jobs = Jobs::new();
    let first = timed_until(&jobs, 30);
    assert_eq!(first["timings"]["last_run"], first["timings"]["all_runs"]);
    let counted = items_of(&first).unwrap();
    let told = timed_until(&jobs, counted + 30);
    let (last, all) = (&told["timings"]["last_run"], &told["timings"]["all_runs"]);
    let items = &all["items"];
    assert_eq!(items["count"], last["items"]["count"].as_u64().unwrap() + counted);
    // What a run measured since it stored that last is lost with its process, and nothing counts twice.
    assert!(items["count"].as_u64() <= told["completed"].as_u64(), "{told}");
    // A time is right within a sixteenth, and on a busy machine may be longer.
    let [median, p90, p99, longest] =
        ["median", "p90", "p99", "longest"].map(|it| seconds(items, it));
    assert!((0.018..0.2).contains(&median), "{items}");
    assert!(median <= p90 && p90 <= p99 && p99 <= longest, "{items}");
    assert!(p99 >= 0.187 && longest >= 0.2, "{items}");
    let slowest = &all["slowest"][0];
    assert_eq!(slowest["seconds"].as_f64(), Some(longest));
    assert_eq!(slowest["captured"], format!("item = {}", slowest["index"]));
    let saving = &last["saving"];
    assert!(saving["saves"].as_u64() > Some(0), "{saving}");
    let share = saving["share"].as_f64().unwrap();
    assert!(share > 0.0 && share <= 1.0, "{saving}");
    let history = &jobs.json(&["history", "mail"])["history"];
    assert_eq!(history[0]["items"], first["timings"]["last_run"]["items"]);
    assert_eq!(history[1]["items"], last["items"]);
    assert_eq!(history[1]["saving"], *saving);
    let text = jobs.command().args(["peek", "mail"]).output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("median ") && text.contains(" saves took "), "{text}");
}

#[test]
fn what_workers_measure_is_the_job_s() {
    let jobs = Jobs::new();
    let slow = Slow::start("worker", jobs.dir(), "mail", 0, 2);
    // The first slice of a hundred items is finished, and its checkpoint is gone.
    jobs.wait_for("mail", |peek| {
        peek["completed"].as_u64() > Some(150) && items_of(peek) > Some(100)
    });
    slow.kill();
    let told = jobs.json(&["peek", "mail"]);
    assert!(items_of(&told) <= told["completed"].as_u64(), "{told}");
    assert!(seconds(&told["timings"]["all_runs"]["items"], "median") >= 0.001_8, "{told}");
    let served = jobs.serve(&[]);
    let shown = served.get("/api/job?job=mail").json();
    assert_eq!(shown["peek"], told);
}

#[test]
fn the_page_shows_the_figures_of_the_command() {
    let jobs = Jobs::new();
    timed_until(&jobs, 30);
    let peek = timed_until(&jobs, 60);
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    browser.open(&format!("http://{}/#/job/mail", served.host()));
    let part = "section[aria-label=Timings]";
    browser.wait_for_text(part, "All runs");
    let cell = |row: u32, column: u32| {
        browser.wait_for(&format!("{part} tbody tr:nth-child({row}) td:nth-child({column})"))
    };
    let time = |seconds: &Value| {
        let shown = browser.run(&format!("return Words.time({seconds})"));
        shown.as_str().unwrap().to_owned()
    };
    for (row, of) in [(1, "last_run"), (2, "all_runs")] {
        let measured = &peek["timings"][of];
        assert_eq!(cell(row, 2), measured["items"]["count"].to_string());
        for (column, name) in [(3, "median"), (4, "p90"), (5, "p99"), (6, "longest")] {
            let seconds = &measured["items"][format!("{name}_seconds")];
            assert_eq!(cell(row, column), time(seconds), "{of} {name}");
        }
        let saving = &measured["saving"];
        let told = format!("{} saves, {} (", saving["saves"], time(&saving["seconds"]));
        assert!(cell(row, 7).starts_with(&told), "{} {told}", cell(row, 7));
    }
    let slowest = &peek["timings"]["all_runs"]["slowest"][0];
    let table = format!("{part} .scrolls:nth-of-type(2)");
    browser.wait_for_text(&table, &format!("Item {}", slowest["index"]));
    browser.wait_for_text(&table, &time(&slowest["seconds"]));
    browser.wait_for_text(&table, &format!("item = {}", slowest["index"]));
    let runs = "section[aria-label=Runs] thead";
    browser.wait_for_text(runs, "Median item");
    browser.wait_for_text(runs, "Saving");
    assert_eq!(browser.errors(), [""; 0]);
}
