//! What the buttons do is what the command does.

use serde_json::{Value, json};

use crate::served::{Jobs, Slow, send};

/// What can be done with a job by now.
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
fn what_was_given_up_is_retried_changes_are_accepted_and_the_job_is_cleared() {
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
