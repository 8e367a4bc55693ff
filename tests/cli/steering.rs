//! Tests `pause`, `resume`, `cancel`, `accept` and `retry`.

use std::thread;

use safe_state::{Action, Error, ErrorContext, StopReason, resumable};
use serde_json::json;

use crate::command::Jobs;

#[resumable(name = "mail", state_dir = jobs.dir(), iter = items, on_error = give_up, fresh(fails, ran))]
fn send(jobs: &Jobs, items: &[u64], ran: &mut Vec<u64>, fails: bool) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(!fails || item % 2 == 0, "odd");
        ran.push(*item);
    }
    Ok(())
}

fn give_up(_: &ErrorContext) -> Action {
    Action::DeadLetter
}

#[test]
fn what_was_given_up_is_put_back() {
    let jobs = Jobs::new();
    let mut ran = Vec::new();
    send(&jobs, &[0, 1, 2, 3], &mut ran, true).unwrap();
    assert_eq!(jobs.json(&["retry", "mail"]), json!({ "job": "mail", "put_back": 2 }));
    assert_eq!(jobs.tell(&["retry", "mail"]).code, 3);
    ran.clear();
    send(&jobs, &[0, 1, 2, 3], &mut ran, false).unwrap();
    assert_eq!(ran, [1, 3]);
    assert_eq!(jobs.tell(&["retry", "mail"]).code, 3, "it has finished");
}

#[test]
fn a_run_pauses_goes_on_and_ends_as_it_is_told() {
    let jobs = Jobs::new();
    assert_eq!(jobs.json(&["pause", "mail"]), json!({ "job": "mail", "asked": "pause" }));
    thread::scope(|scope| {
        let running = scope.spawn(|| jobs.job("mail").run(0.., |_| Ok::<_, Error>(())));
        while jobs.tell(&["peek", "mail"]).code != 0 {}
        assert_eq!(jobs.json(&["peek", "mail"])["asked"], "pause");
        assert_eq!(jobs.json(&["peek", "mail"])["completed"], 0);
        assert_eq!(jobs.tell(&["resume", "mail"]).code, 0);
        while jobs.json(&["peek", "mail"])["completed"] == 0 {}
        assert_eq!(jobs.tell(&["cancel", "mail"]).code, 0);
        let error = running.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Stopped { reason: StopReason::Cancelled, .. }), "{error}");
    });
    let peeked = jobs.json(&["peek", "mail"]);
    assert_eq!((&peeked["state"], &peeked["asked"]), (&json!("stopped"), &json!(null)));
}

#[test]
fn nothing_is_left_of_a_run_that_was_not_there_to_be_cancelled() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    assert_eq!(jobs.tell(&["pause", "mail"]).code, 0);
    assert_eq!(jobs.tell(&["cancel", "mail"]).code, 3);
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], "pause");
    assert_eq!(jobs.tell(&["resume", "mail"]).code, 0);
    assert_eq!(jobs.tell(&["cancel", "mail"]).code, 3);
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], json!(null));
}

#[test]
fn the_failed_item_is_run_again_in_its_program() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let told = jobs.tell(&["replay", "mail", "--", "sh", "-c", "echo $SAFE_STATE_REPLAY; exit 7"]);
    assert_eq!((told.code, told.out.as_str()), (7, "6\n"), "{told:?}");
    let told = jobs.tell(&["replay", "mail", "--", "/nowhere"]);
    assert!(told.code == 1 && told.err.contains("`/nowhere` cannot be run"), "{told:?}");
    jobs.job("well").keep_on_success(true).run(0..2, |_| Ok::<_, Error>(())).unwrap();
    assert_eq!(jobs.tell(&["replay", "well", "--", "true"]).code, 3);
}

#[test]
fn a_changed_input_is_accepted() {
    let jobs = Jobs::new();
    assert_eq!(jobs.tell(&["accept", "sums"]).code, 3);
    let run = |items: &[u64], until| sums(&jobs, items, until);
    run(&[1, 2, 3], 3).unwrap_err();
    assert!(run(&[1, 7, 3], 9).unwrap_err().to_string().contains("`safe-state accept sums`"));
    assert_eq!(jobs.json(&["accept", "sums"]), json!({ "job": "sums", "asked": "accept" }));
    assert_eq!(jobs.json(&["peek", "sums"])["asked"], "accept");
    run(&[1, 7, 3], 9).unwrap();
}

#[resumable(name = "sums", state_dir = jobs.dir(), fresh(until))]
fn sums(jobs: &Jobs, items: &[u64], until: u64) -> anyhow::Result<()> {
    #[resume]
    for item in items {
        anyhow::ensure!(*item < until, "until then");
    }
    Ok(())
}

#[test]
fn a_reason_is_shown_to_others() {
    let jobs = Jobs::new();
    let asked = json!({ "job": "mail", "asked": "pause", "reason": "no paper" });
    assert_eq!(jobs.json(&["pause", "mail", "--reason", "no paper"]), asked);
    let peeked = jobs.json(&["peek", "mail"]);
    assert_eq!((&peeked["state"], &peeked["reason"]), (&json!("paused"), &json!("no paper")));
    let explained = jobs.tell(&["explain", "mail"]).out;
    let waits = "waits     before its first item, as the job was asked to pause (no paper)";
    assert!(explained.contains(waits), "a job that has not begun: {explained}");
    assert_eq!(jobs.json(&["explain", "mail"])["begins"], true);
    assert_eq!(jobs.tell(&["explain", "never"]).code, 3);
    jobs.fail("bill", 6, "no");
    assert_eq!(jobs.tell(&["abandon", "bill", "--reason", "too late"]).code, 0);
    assert!(jobs.tell(&["peek", "bill"]).out.contains("asked to   abandon: too late"));
    let explained = jobs.tell(&["explain", "bill"]).out;
    assert!(explained.contains("refuses   the job was abandoned (too late)"), "{explained}");
    assert_eq!(jobs.json(&["list"])["jobs"][0]["state"], "abandoned");
    let error = jobs.job("bill").run(0..8, |_| Ok::<_, Error>(())).unwrap_err();
    assert!(matches!(error, Error::Stopped { reason: StopReason::Abandoned, .. }), "{error}");
    assert_eq!(jobs.tell(&["resume", "bill"]).code, 0);
    jobs.job("bill").run(0..8, |_| Ok::<_, Error>(())).unwrap();
}

#[test]
fn items_are_skipped_and_done_by_hand() {
    let jobs = Jobs::new();
    jobs.fail("mail", 1, "no");
    let skipped = jobs.json(&["skip", "mail", "1", "4-5"]);
    assert_eq!(skipped, json!({ "job": "mail", "added": 3 }));
    assert_eq!(jobs.json(&["done", "mail", "--until", "3"])["added"], 1);
    let mut ran = Vec::new();
    jobs.job("mail")
        .run(0..8, |item| {
            ran.push(item);
            Ok::<_, Error>(())
        })
        .unwrap();
    assert_eq!(ran, [3, 6, 7]);
    let wrong = jobs.tell(&["skip", "mail", "7-5"]);
    assert!(wrong.code == 2 && wrong.err.contains("a range such as `7-9`"), "{}", wrong.err);
    let told = jobs.tell(&["skip", "mail"]);
    assert!(told.code == 2 && told.err.contains("--key"), "{told:?}");
    for wrong in [["--loop", "first"], ["--until", "-3"], ["--until", "all"]] {
        let told = jobs.tell(&[&["done", "mail", "--until", "1"][..2], &wrong].concat());
        assert!(told.code == 2 && told.err.contains("expected a number such as `7`"), "{told:?}");
    }
    assert_eq!(jobs.tell(&["done", "mail"]).code, 2);
}

#[resumable(name = "keys", state_dir = jobs.dir(), key = |item| item.to_string(), fresh(ran))]
fn by_key(jobs: &Jobs, items: &[&str], ran: &mut Vec<String>) -> anyhow::Result<()> {
    for item in items {
        ran.push((*item).to_owned());
    }
    Ok(())
}

#[test]
fn keys_come_from_a_file() {
    let jobs = Jobs::new();
    let file = jobs.dir().join("keys.txt");
    std::fs::write(&file, "a\nb c\n").unwrap();
    assert_eq!(jobs.json(&["done", "keys", "--keys", file.to_str().unwrap()])["added"], 2);
    assert_eq!(jobs.json(&["skip", "keys", "--key", "d"])["added"], 1);
    let mut ran = Vec::new();
    by_key(&jobs, &["d", "b c", "e", "a"], &mut ran).unwrap();
    assert_eq!(ran, ["e"]);
}

#[resumable(name = "rows", state_dir = jobs.dir(), cursor = |row| *row, fresh(ran))]
fn rows(jobs: &Jobs, until: u64, ran: &mut Vec<u64>) -> anyhow::Result<()> {
    let last: Option<u64> = safe_state::cursor!();
    #[resume]
    for row in last.map_or(0, |last| last + 1)..until {
        ran.push(row);
    }
    Ok(())
}

#[test]
fn a_loop_goes_on_behind_a_number() {
    let jobs = Jobs::new();
    let told = jobs.json(&["done", "rows", "--cursor-number", "97"]);
    assert_eq!(told, json!({ "job": "rows", "added": null }));
    let explained = jobs.tell(&["explain", "rows"]).out;
    for part in
        ["skips     the items up to the stored cursor", "continues with the item after the cursor"]
    {
        assert!(explained.contains(part) && !explained.contains("item 0"), "{explained}");
    }
    let mut ran = Vec::new();
    rows(&jobs, 100, &mut ran).unwrap();
    assert_eq!(ran, [98, 99]);
}

#[test]
fn a_job_that_runs_is_left_alone() {
    let jobs = Jobs::new();
    jobs.job("mail")
        .run(0..2, |_| {
            for verb in [
                &["skip", "mail", "1"][..],
                &["done", "mail", "--until", "1"],
                &["rename", "mail", "post"],
                &["clear", "mail"],
                &["restart", "mail", "--", "true"],
            ] {
                let told = jobs.tell(verb);
                let holder = format!("pid {}", std::process::id());
                assert!(told.code == 4 && told.err.contains(&holder), "{verb:?}: {told:?}");
            }
            Ok::<_, Error>(())
        })
        .unwrap();
}

#[test]
fn a_job_is_renamed_copied_started_over_and_cleared_away() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    assert_eq!(jobs.json(&["rename", "mail", "post"]), json!({ "renamed": "mail", "to": "post" }));
    assert_eq!(jobs.tell(&["rename", "mail", "post"]).code, 3);
    let file = jobs.dir().join("exported");
    let file = file.to_str().unwrap();
    assert_eq!(jobs.tell(&["export", "post", file]).code, 0);
    assert_eq!(jobs.json(&["import", "post", file, "--as", "copy"])["imported"], "copy");
    assert_eq!(jobs.json(&["peek", "copy"])["completed"], 6);
    let told = jobs.tell(&["restart", "copy", "--", "sh", "-c", "echo started"]);
    assert_eq!((told.code, told.out.as_str()), (0, "started\n"), "{told:?}");
    assert_eq!(jobs.tell(&["peek", "copy"]).code, 3);
    jobs.job("bill").keep_on_success(true).run(0..2, |_| Ok::<_, Error>(())).unwrap();
    let cleared = |older: &str| jobs.json(&["clear", "--finished", "--older-than", older]);
    assert_eq!(cleared("30d"), json!({ "cleared": [] }));
    assert_eq!(cleared("0s"), json!({ "cleared": ["bill"] }));
    assert_eq!(jobs.json(&["list"])["jobs"][0]["job"], "post");
}

#[test]
fn the_history_of_a_finished_job_is_told() {
    let jobs = Jobs::new();
    let job = jobs.job("mail").keep_history(10);
    job.run(0..2, |_| Ok::<_, Error>(())).unwrap();
    job.run(0..2, |_| Ok::<_, Error>(())).unwrap();
    let told = jobs.json(&["history", "mail"]);
    assert_eq!((&told["runs"], &told["history"][1]["end"]), (&json!(2), &json!("finished")));
    assert_eq!(jobs.tell(&["peek", "mail"]).code, 3);
}
