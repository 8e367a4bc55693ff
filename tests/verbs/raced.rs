//! Tests each verb while a run is under way: the verb is refused, with who runs the job, and changes nothing.

use safe_state::{Error, Job};

use crate::places::on_each;

type Verb = (&'static str, fn(&Job) -> Result<(), Error>);

const REFUSED: [Verb; 9] = [
    ("skip", |job| job.by_hand().skip(9).map(drop)),
    ("skip_key", |job| job.by_hand().skip_key("a").map(drop)),
    ("complete_until", |job| job.by_hand().complete_until(9).map(drop)),
    ("complete_keys", |job| job.by_hand().complete_keys(["a"]).map(drop)),
    ("continue_after", |job| job.by_hand().continue_after(&7)),
    ("rename", |job| job.rename("post").map(drop)),
    ("clear", Job::clear_checkpoint),
    ("retry", |job| job.retry_dead_letters().map(drop)),
    ("restart", |job| in_another_thread(job.clone().restart(true))),
];

/// Runs the job on another thread, because a call of the job within its own run would be a part of the item.
fn in_another_thread(job: Job) -> Result<(), Error> {
    std::thread::spawn(move || job.run(0..1, |_| Ok(()))).join().unwrap()
}

#[test]
fn what_would_pull_the_rug_from_a_run_is_refused() {
    on_each(|place| {
        let job = place.job("mail");
        let mut ran = 0;
        job.run(0..10_u64, |item| {
            ran += 1;
            let before = job.peek_checkpoint()?;
            if item == 4 {
                let other = place.job("other");
                other.by_hand().skip(1)?;
                let error = other.rename("mail").unwrap_err();
                assert!(error.is_held(), "{error}");
                assert!(other.peek_checkpoint()?.is_some() && job.peek_checkpoint()? == before);
                other.clear_checkpoint()?;
            }
            for (name, verb) in REFUSED.iter().filter(|_| item == 4) {
                let error = verb(&job).unwrap_err();
                assert!(error.is_held(), "{name}: {error}");
                assert_eq!(
                    error.holder().map(safe_state::backend::Holder::pid),
                    Some(std::process::id()),
                    "{name}"
                );
                assert_eq!(job.peek_checkpoint()?, before, "{name}");
            }
            Ok::<(), Error>(())
        })
        .unwrap();
        assert_eq!(ran, 10);
        assert!(job.peek_checkpoint().unwrap().is_none());
        assert!(place.job("post").peek_checkpoint().unwrap().is_none());
    });
}
