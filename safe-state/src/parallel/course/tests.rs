//! Tests what a course hands out, waits for, and ends with.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::Job;
use crate::attempt::Kept;
use crate::failure::Verdict;
use crate::items::Step;
use crate::items::entry::Number;
use crate::items::identity::{ByIndex, IdentityKind};
use crate::parallel::Feed;
use crate::run::entering;
use crate::run::judging::{Judged, Suspected};

/// Terms with three items at once. An item that fails with `true` is tried again at once.
struct Tried;

impl OnTerms<bool> for Tried {
    fn most(&self) -> usize {
        3
    }

    fn is_watched(&self) -> bool {
        true
    }

    fn carry(&mut self, _: &mut Run) -> Result<(), Error> {
        Ok(())
    }

    fn ask(&mut self, _: &mut Run, failed: &Outcome<bool>) -> Judged {
        let again = Judged::As(Verdict::Again(Duration::ZERO));
        if matches!(failed, Ok(true)) { again } else { Judged::FAIL }
    }

    fn failing(&self, _: &Outcome<bool>) -> Failing {
        Failing::No
    }

    fn may_try_again(&self, _: u32) -> bool {
        true
    }

    fn looks_out(&self) -> bool {
        false
    }

    fn suspected(&mut self, _: &mut Run) -> Option<Suspected> {
        None
    }
}

type OfTest<'t, 'r> = Course<'t, 'r, Tried, Kept<u64>, bool>;

/// A function that lets the course hand out items until it gives none, and returns their indices.
type HandOut<'a> = dyn FnMut(&mut OfTest<'_, '_>) -> Vec<u64> + 'a;

fn with_course(job: &Job, test: impl FnOnce(&mut OfTest<'_, '_>, &mut HandOut<'_>)) {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::open(&job.clone().state_dir(dir.path())).unwrap();
    let identity = (IdentityKind::Index, ByIndex(|_: &u64| None::<u32>));
    let number = Number { depth: 0, id: 0 };
    let (mut items, mut tally) =
        entering::items(&mut run, number, "here".into(), 0..10_u64, identity);
    Handing::begin(&mut tally, 3);
    let mut course = Course::new(Handing::of(&mut tally), Tried);
    let mut hand_out = |course: &mut OfTest<'_, '_>| {
        std::iter::from_fn(|| course.next(&mut items, (Kept::new, 0)))
            .map(|task| task.index)
            .collect()
    };
    test(&mut course, &mut hand_out);
}

const LEFT: Result<Flow<bool>, Outcome<bool>> = Ok(Flow::Exit(0));

/// Returns the outcome of an item that fails; with `again` it is tried again.
fn failed(again: bool) -> Result<Flow<bool>, Outcome<bool>> {
    Err(Ok(again))
}

fn ends(course: &mut OfTest<'_, '_>, index: u64, came: Result<Flow<bool>, Outcome<bool>>) {
    course.ended(Done::now(index, came, Vec::new()));
    let _ = course.begin_save();
}

/// Returns a time at which all pauses are over.
fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[test]
fn an_item_before_the_one_that_leaves_the_loop_is_tried_again() {
    with_course(&Job::new("course"), |course, hand_out| {
        assert_eq!(hand_out(course), [0, 1, 2]);
        ends(course, 2, failed(true));
        ends(course, 0, failed(true));
        ends(course, 1, LEFT);
        assert!(!course.is_over());
        assert_eq!(course.patience(later()), Duration::ZERO);
        assert_eq!(hand_out(course), [0], "and not the one behind");
        ends(course, 0, Ok(Flow::Next));
        assert!(course.is_over());
        assert!(matches!(course.finish(|_| false), Ok(Flow::Exit(0))));
    });
}

#[test]
fn a_run_that_ends_meanwhile_has_not_left_the_loop() {
    with_course(&Job::new("course"), |course, hand_out| {
        assert_eq!(hand_out(course), [0, 1, 2]);
        ends(course, 2, Ok(Flow::Next));
        ends(course, 0, failed(true));
        ends(course, 1, LEFT);
        course.fail(Error::Thread(std::io::ErrorKind::Other.into()));
        assert!(course.is_over());
        assert!(matches!(course.finish(|_| true), Ok(Flow::Return(true))));
    });
}

#[test]
fn an_item_that_is_not_tried_any_more_is_not_waited_for() {
    with_course(&Job::new("course"), |course, hand_out| {
        assert_eq!(hand_out(course), [0, 1, 2]);
        ends(course, 1, failed(true));
        assert_eq!(course.patience(later()), Duration::ZERO);
        ends(course, 0, failed(false));
        assert!(!course.is_over() && hand_out(course).is_empty());
        assert_eq!(course.patience(later()), LOOK);
    });
}

#[test]
fn the_time_of_an_item_that_is_not_handed_out_any_more_is_not_waited_for() {
    let asked = AtomicU32::new(0);
    let job = Job::new("course").throttle(move || asked.fetch_add(1, Ordering::Relaxed) > 1);
    with_course(&job, |course, hand_out| {
        assert_eq!(hand_out(course), [0, 1]);
        assert_eq!(course.patience(later()), Duration::ZERO);
        ends(course, 0, failed(false));
        assert!(!course.is_over());
        assert_eq!(course.patience(later()), LOOK);
    });
}

#[test]
fn an_iterator_that_panics_ends_the_loop_behind_what_runs() {
    struct Panics(u64);
    impl Feed for Panics {
        type Item = u64;

        fn next(&mut self, handing: &mut Handing<'_, '_>) -> Option<Step<u64>> {
            use crate::items::counter::Counter;
            assert!(self.0 < 2, "no more");
            handing.hand_out();
            self.0 += 1;
            Some(Step::Item(self.0))
        }

        fn has_ended(&self) -> bool {
            false
        }
    }
    for (came, is_left) in [(LEFT, true), (Ok(Flow::Next), false)] {
        with_course(&Job::new("course"), |course, _| {
            let mut feed = Panics(0);
            assert!(course.next(&mut feed, (Kept::new, 0)).is_some());
            assert!(course.next(&mut feed, (Kept::new, 0)).is_some());
            assert!(course.next(&mut feed, (Kept::new, 0)).is_none() && !course.is_over());
            ends(course, 0, Ok(Flow::Next));
            ends(course, 1, came);
            assert!(course.is_over());
            match course.finish(|_| false) {
                Ok(Flow::Exit(0)) => assert!(is_left),
                Err(Err(_)) => assert!(!is_left),
                other => panic!("{other:?}"),
            }
        });
    }
}
