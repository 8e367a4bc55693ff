//! Tests `restart`, `max_runs`, and what is kept of finished jobs.

use std::thread;
use std::time::Duration;

use safe_state::{
    Action, Checkpoint, Error, ErrorContext, ItemQuantiles, RunEnd, State, resumable,
};

use crate::places::{Place, done, on_each};

#[test]
fn a_run_that_restarts_does_all() {
    on_each(|place| {
        let job = place.fail("mail", 3);
        assert_eq!(done(&job.clone().restart(true)).len(), 8);
        let job = place.fail("mail", 3);
        assert_eq!(done(&job.restart(false)).len(), 5);
    });
}

#[test]
fn no_more_runs_begin_than_may_unless_one_is_accepted() {
    on_each(|place| {
        let job = place.fail("mail", 3).max_runs(2);
        let fails = |job: &safe_state::Job| {
            job.run(0..8, |_| Err(Error::DuplicateStep { job: "no".into(), step: "no".into() }))
        };
        let error = fails(&job).unwrap_err();
        assert!(matches!(error, Error::DuplicateStep { .. }), "{error}");
        let error = fails(&job).unwrap_err();
        assert!(matches!(error, Error::TooManyRuns { runs: 2, .. }), "{error}");
        job.accept().unwrap();
        assert_eq!(done(&job), [3, 4, 5, 6, 7]);
        assert_eq!(done(&job).len(), 8, "it has finished, and may run anew");
    });
}

#[test]
fn runs_are_remembered_when_the_job_has_finished() {
    on_each(|place| {
        let job = place.job("mail").keep_history(3);
        let run = |job: &safe_state::Job| done(job).len();
        assert_eq!((run(&job), run(&job), run(&job), run(&job)), (8, 8, 8, 8));
        assert!(job.peek_checkpoint().unwrap().is_none());
        assert!(job.list().unwrap().is_empty());
        place.fail("mail", 3).clear_checkpoint().unwrap();
        let failed =
            job.run(0..8, |item| if item == 1 { Err(std::io::Error::other("no")) } else { Ok(()) });
        failed.unwrap_err();
        let checkpoint = job.peek_checkpoint().unwrap().unwrap();
        let ends: Vec<_> = checkpoint.history().iter().map(|it| (it.number(), it.end())).collect();
        let finished = |number| (number, Some(RunEnd::Finished));
        let expected = [finished(2), finished(3), finished(4), (5, Some(RunEnd::Failed))];
        assert_eq!(ends, expected);
    });
}

#[test]
fn what_is_remembered_has_the_last_items_and_what_was_measured() {
    on_each(|place| {
        let job = place.job("mail").keep_history(2).save_every(5).timings(true);
        (0..3).for_each(|_| assert_eq!(done(&job).len(), 8));
        let kept = Checkpoint::load_history(&*place.backend, "mail").unwrap().unwrap();
        let runs: Vec<_> = kept.history().iter().map(|it| (it.number(), it.completed())).collect();
        assert_eq!(runs, [(2, 8), (3, 8)]);
        let timings = kept.timings();
        let timed = |it: Option<ItemQuantiles>| it.unwrap().count;
        assert_eq!(timed(timings.last_run().quantiles()), 8);
        let past: Vec<_> = timings.past().iter().map(|it| (it.run, timed(it.items))).collect();
        assert_eq!(past, [(1, 8), (2, 8)]);
        assert_eq!(timed(timings.all_runs().quantiles()), 24);
    });
}

#[test]
fn a_finished_checkpoint_expires() {
    on_each(|place| {
        let job = place.job("mail").keep_on_success(true);
        assert_eq!(done(&job).len(), 8);
        assert_eq!(done(&job.clone().expire_after(Duration::from_secs(3600))).len(), 0);
        assert_eq!(done(&job.expire_after(Duration::ZERO)).len(), 8);
        let failed = place.fail("bill", 3).expire_after(Duration::ZERO);
        assert_eq!(done(&failed).len(), 5, "it had not finished");
    });
}

#[test]
fn finished_jobs_are_cleared_and_no_others() {
    on_each(|place| {
        place.fail("mail", 3);
        let kept = place.job("bill").keep_on_success(true);
        done(&kept);
        let hour = Duration::from_secs(3600);
        assert_eq!(kept.clear_finished(hour).unwrap(), [""; 0]);
        kept.run(0..9, |_| {
            assert_eq!(kept.clear_finished(Duration::ZERO).unwrap(), [""; 0], "it runs");
            Ok::<(), Error>(())
        })
        .unwrap();
        assert_eq!(kept.clear_finished(Duration::ZERO).unwrap(), ["bill"]);
        let left: Vec<_> = kept.list().unwrap().into_iter().map(|it| (it.job, it.state)).collect();
        assert_eq!(left, [("mail".to_owned(), State::Failed)]);
    });
}

#[test]
fn a_run_that_begins_no_item_leaves_nothing() {
    on_each(|place| {
        let job = place.job("mail").max_runtime(Duration::ZERO);
        job.run(0..8, |_| Ok::<(), Error>(())).unwrap_err();
        assert!(job.peek_checkpoint().unwrap().is_none(), "{}", place.name);
        place.fail("mail", 3);
        job.run(0..8, |_| Ok::<(), Error>(())).unwrap_err();
        assert_eq!(job.status().unwrap().progress.completed, 3);
    });
}

#[test]
fn a_finished_checkpoint_expires_however_often_the_job_was_called_since() {
    on_each(|place| {
        let (job, time) = (place.job("mail").keep_on_success(true), Duration::from_millis(300));
        assert_eq!(done(&job).len(), 8);
        thread::sleep(time);
        assert_eq!(done(&job).len(), 0, "it renews nothing");
        assert_eq!(done(&job.clone().expire_after(time)).len(), 8);
        assert!(job.rename("post").unwrap());
        thread::sleep(time);
        let post = place.job("post").keep_on_success(true);
        assert_eq!((done(&post).len(), done(&post.expire_after(time)).len()), (0, 8));
    });
}

fn give_up(_: &ErrorContext) -> Action {
    Action::DeadLetter
}

#[resumable(name = "letters", backend = place.backend.clone(), on_error = give_up, expire_after = "1ms", fresh(place))]
fn letters(place: &Place, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(*item != 2, "no");
    }
    Ok(())
}

#[test]
fn dead_letters_do_not_expire() {
    on_each(|place| {
        letters(place, &[1, 2, 3]).unwrap();
        thread::sleep(Duration::from_millis(5));
        letters(place, &[1, 2, 3]).unwrap();
        let kept = place.job("letters").peek_checkpoint().unwrap().unwrap();
        assert_eq!((kept.dead_letters().len(), kept.run_count()), (1, 2));
    });
}
