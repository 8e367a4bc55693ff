//! Tests `skip`, `done`, and setting where to go on.

use std::cell::RefCell;
use std::collections::VecDeque;

use safe_state::{Error, Job, NotByHand, State, resumable};

use crate::places::{Place, done, on_each};

fn reason(error: &Error) -> NotByHand {
    match error {
        Error::NotByHand { reason, .. } => *reason,
        other => panic!("{other}"),
    }
}

#[test]
fn skipped_items_are_not_done_and_counted() {
    on_each(|place| {
        let job = place.fail("mail", 3);
        assert!(job.by_hand().skip(3).unwrap());
        assert!(!job.by_hand().skip(3).unwrap() && !job.by_hand().skip(0).unwrap());
        assert!(job.by_hand().skip(6).unwrap());
        let status = job.status().unwrap();
        assert_eq!((status.progress.completed, status.runs.skipped), (5, 2));
        assert_eq!(done(&job), [4, 5, 7]);
    });
}

#[test]
fn a_job_that_has_not_begun_goes_on_behind_what_is_done() {
    on_each(|place| {
        let job = place.job("mail").version(7);
        assert_eq!(job.by_hand().complete_until(5).unwrap(), 5);
        assert_eq!(job.by_hand().complete_until(6).unwrap(), 1);
        let status = job.status().unwrap();
        assert_eq!((status.state, status.runs.runs), (State::Waiting, 0));
        assert_eq!(done(&job), [6, 7]);
        assert_eq!(done(&job).len(), 8, "it had finished");
    });
}

#[resumable(name = "sums", backend = place.backend.clone(), key = |item| item.to_string(), carry(sum), fresh(place))]
fn sums(place: &Place, items: &[&str]) -> anyhow::Result<usize> {
    let mut sum = 0;
    for item in items {
        sum += item.len();
    }
    Ok(sum)
}

#[test]
fn items_are_named_by_their_keys_before_the_first_run_and_between_two() {
    on_each(|place| {
        let job = place.job("sums");
        assert_eq!(job.by_hand().complete_keys(["a", "bb", "a"]).unwrap(), 2);
        assert_eq!(sums(place, &["a", "bb", "ccc"]).unwrap(), 3);
        let job = place.job("sums").keep_on_success(true);
        assert!(job.by_hand().skip_key("dddd").unwrap());
        assert_eq!(sums(place, &["dddd", "eeeee"]).unwrap(), 5);
        assert!(job.by_hand().skip_key("x").unwrap());
        assert_eq!(reason(&job.by_hand().skip(0).unwrap_err()), NotByHand::KnownByKey);
        assert_eq!(reason(&job.by_hand().continue_after(&7).unwrap_err()), NotByHand::KnownByKey);
    });
}

#[resumable(name = "rows", backend = place.backend.clone(), cursor = |row| *row, fresh(place, fails))]
fn rows(place: &Place, until: u64, fails: bool) -> anyhow::Result<()> {
    let last: Option<u64> = safe_state::cursor!();
    #[resume]
    for row in last.map_or(0, |last| last + 1)..until {
        anyhow::ensure!(!fails || row < 95, "no");
        assert!(row > 89, "{row} was behind the cursor");
    }
    Ok(())
}

#[test]
fn a_loop_goes_on_behind_a_cursor_that_was_given() {
    on_each(|place| {
        let job = place.job("rows");
        job.by_hand().continue_after(&89_u64).unwrap();
        rows(place, 100, true).unwrap_err();
        assert_eq!(reason(&job.by_hand().skip(97).unwrap_err()), NotByHand::KnownByCursor);
        job.by_hand().continue_after(&97_u64).unwrap();
        rows(place, 100, false).unwrap();
    });
}

#[test]
fn a_refused_change_changes_nothing() {
    on_each(|place| {
        let job = place.fail("mail", 3);
        let before = job.peek_checkpoint().unwrap();
        let refused = [
            job.by_hand().skip_key("a").map(drop),
            job.by_hand().continue_after(&7).map(drop),
            job.by_hand().in_loop(200).skip(1).map(drop),
        ];
        let reasons = refused.map(|it| reason(&it.unwrap_err()));
        let expected = [NotByHand::KnownByIndex, NotByHand::KnownByIndex, NotByHand::NoSuchLoop];
        assert_eq!(reasons, expected);
        assert_eq!(job.peek_checkpoint().unwrap(), before);
    });
}

#[test]
fn an_item_in_the_middle_of_its_inner_loop_is_not_skipped() {
    #[resumable(name = "pages", backend = place.backend.clone(), carry(sum), fresh(place, fails))]
    fn pages(place: &Place, pages: &[u64], fails: bool) -> anyhow::Result<u64> {
        let mut sum = 0;
        #[resume]
        for page in pages {
            #[resume]
            for line in 0..*page {
                anyhow::ensure!(!fails || sum < 4, "no");
                sum += line;
            }
        }
        Ok(sum)
    }
    on_each(|place| {
        pages(place, &[3, 4, 5], true).unwrap_err();
        let job = place.job("pages");
        assert_eq!(reason(&job.by_hand().skip(1).unwrap_err()), NotByHand::InTheMiddle);
        assert!(job.by_hand().skip(2).unwrap());
        assert_eq!(pages(place, &[3, 4, 5], false).unwrap(), 3 + 6);
    });
}

#[test]
fn text_that_the_command_hashes_is_the_key_that_a_loop_knows() {
    let place = tempfile::tempdir().unwrap();
    let job = Job::new("keys").state_dir(place.path());
    job.by_hand().complete_keys(["käse"]).unwrap();
    let keys = |job: &Job| {
        let checkpoint = job.peek_checkpoint().unwrap().unwrap();
        checkpoint.loops().next().unwrap().keys().unwrap().hashes().to_vec()
    };
    assert_eq!(keys(&job), [safe_state_base::stored::key_of_text("käse")]);
}

#[resumable(name = "queue", backend = place.backend.clone(), fresh(place, queue))]
fn consumes(place: &Place, queue: &RefCell<VecDeque<u64>>) -> anyhow::Result<()> {
    #[resume(consumed)]
    while let Some(item) = queue.borrow_mut().pop_front() {
        anyhow::ensure!(item < 5, "no");
    }
    Ok(())
}

#[resumable(name = "queue", backend = place.backend.clone(), carry(queue), fresh(place), on_code_change = "continue")]
fn takes(place: &Place, first: u64) -> anyhow::Result<()> {
    let mut queue = VecDeque::from([first, 2, 7]);
    #[resume]
    while let Some(item) = queue.pop_front() {
        anyhow::ensure!(item < 5, "no");
    }
    Ok(())
}

#[test]
fn a_loop_whose_input_gives_each_item_once_passes_over_none_that_was_named_before_it() {
    on_each(|place| {
        let queue = RefCell::new(VecDeque::from([1, 2, 7]));
        let job = place.job("queue");
        for _ in 0..2 {
            assert_eq!(job.by_hand().complete_until(2).unwrap(), 2);
            for _ in 0..2 {
                let error = consumes(place, &queue).unwrap_err();
                let error = error.downcast_ref::<Error>().unwrap();
                assert_eq!(reason(error), NotByHand::NamedTooEarly, "{error}");
                assert_eq!(queue.borrow().len(), 3, "none was taken");
            }
            job.clear_checkpoint().unwrap();
        }
        job.by_hand().skip(1).unwrap();
        let error = takes(place, 1).unwrap_err();
        assert_eq!(reason(error.downcast_ref().unwrap()), NotByHand::NamedTooEarly, "{error}");
        job.clear_checkpoint().unwrap();
        assert_eq!(consumes(place, &queue).unwrap_err().to_string(), "no");
        assert_eq!(reason(&job.by_hand().skip(2).unwrap_err()), NotByHand::GivesOnce);
    });
}
