//! `pause`, `resume`, `cancel`, `accept` and `retry`.

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
    assert!(run(&[1, 7, 3], 9).unwrap_err().to_string().contains("`safe-state accept`"));
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
