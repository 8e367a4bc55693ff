//! Tests dead letters that are put back: they are done, and nothing else.

use std::cell::{Cell, RefCell};
use std::path::Path;

use safe_state::{
    Action, Checkpoint, DeadLetter, DeadLetterNotRetryable, Error, ErrorContext, Job, cursor,
    resumable,
};

/// The surroundings of a job.
#[derive(Default)]
struct World {
    /// Whether the items no longer fail.
    is_cured: Cell<bool>,
    done: RefCell<Vec<u32>>,
}

impl World {
    fn work(&self, item: u32) -> anyhow::Result<()> {
        anyhow::ensure!(self.is_cured.get() || item % 10 != 3, "no {item}");
        self.done.borrow_mut().push(item);
        Ok(())
    }
}

fn bury(_: &ErrorContext) -> Action {
    Action::DeadLetter
}

macro_rules! jobs {
    ($($name:ident $(, $option:ident = $value:expr)*;)*) => { $(
        #[resumable(name = stringify!($name), state_dir = dir, on_error = bury, carry(sum), $($option = $value),*)]
        fn $name(dir: &Path, items: &[u32], world: &World) -> anyhow::Result<u32> {
            let mut sum = 0;
            for item in items {
                world.work(*item)?;
                sum += item;
            }
            Ok(sum)
        }
    )* };
}

jobs! {
    by_index;
    by_key, key = |item| item;
    seldom, save_every = 100;
    seldom_by_key, save_every = 100, key = |item| item;
}

#[resumable(name = "received", state_dir = dir, save_every = 2)]
fn received(dir: &Path, items: &[u32], world: &World) -> anyhow::Result<u32> {
    let mut items = items.iter();
    #[resume(on_error = bury)]
    while let Some(item) = items.next() {
        world.work(*item)?;
    }
    Ok(0)
}

type Call = fn(&Path, &[u32], &World) -> anyhow::Result<u32>;
type Ask<T> = fn(&Path) -> Result<T, Error>;

const JOBS: [(Call, Ask<Option<Checkpoint>>, Ask<usize>); 5] = [
    (by_index, by_index::peek_checkpoint, by_index::retry_dead_letters),
    (by_key, by_key::peek_checkpoint, by_key::retry_dead_letters),
    (seldom, seldom::peek_checkpoint, seldom::retry_dead_letters),
    (seldom_by_key, seldom_by_key::peek_checkpoint, seldom_by_key::retry_dead_letters),
    (received, received::peek_checkpoint, received::retry_dead_letters),
];

#[test]
fn dead_letters_that_are_put_back_are_done_alone() {
    for (job, peek, retry) in JOBS {
        let (dir, world) = (tempfile::tempdir().unwrap(), World::default());
        let dir = dir.path();
        assert_eq!(retry(dir).unwrap(), 0);
        for items in [&[1, 3, 4, 13, 5][..], &[3, 1, 2, 13], &[3], &[1, 13, 23]] {
            let (bad, good): (Vec<u32>, Vec<u32>) = items.iter().partition(|item| **item % 10 == 3);
            world.is_cured.set(false);
            job(dir, items, &world).unwrap();
            assert_eq!(world.done.take(), good);

            assert_eq!(retry(dir).unwrap(), bad.len());
            let checkpoint = peek(dir).unwrap().unwrap();
            assert!(!checkpoint.is_finished() && checkpoint.dead_letters().is_empty());
            assert_eq!(
                checkpoint.progress().remaining.unwrap_or(bad.len() as u64),
                bad.len() as u64
            );
            assert_eq!(retry(dir).unwrap(), 0);

            world.is_cured.set(true);
            let sum = job(dir, items, &world).unwrap();
            assert_eq!(world.done.take(), bad);
            assert!([0, items.iter().sum()].contains(&sum));
            assert!(peek(dir).unwrap().is_none());
        }
    }
}

#[test]
fn dead_letters_that_fail_again_are_dead_letters_again() {
    for (job, peek, retry) in JOBS {
        let (dir, world) = (tempfile::tempdir().unwrap(), World::default());
        let items = [1, 3, 4, 13, 5];
        for _ in 0..3 {
            job(dir.path(), &items, &world).unwrap();
            let checkpoint = peek(dir.path()).unwrap().unwrap();
            let letters: Vec<_> = checkpoint.dead_letters().iter().collect();
            assert!(letters.iter().map(DeadLetter::index).eq([1, 3]));
            assert!(letters.iter().all(|letter| letter.attempts() == 1));
            assert_eq!(retry(dir.path()).unwrap(), 2);
        }
        assert_eq!(world.done.take(), [1, 4, 5]);
    }
}

#[test]
fn new_items_follow_the_dead_letters() {
    for (job, _, retry) in JOBS {
        let (dir, world) = (tempfile::tempdir().unwrap(), World::default());
        job(dir.path(), &[1, 3, 4], &world).unwrap();
        retry(dir.path()).unwrap();
        world.done.take();
        world.is_cured.set(true);
        job(dir.path(), &[1, 3, 4, 5], &world).unwrap();
        assert_eq!(world.done.take(), [3, 5]);
    }
}

/// Does a job, and copies its checkpoint as it is when the process dies after `last` items.
#[resumable(name = "killed", state_dir = dir, on_error = bury, fresh(last))]
fn killed(dir: &Path, items: &[u32], world: &World, last: usize) -> anyhow::Result<()> {
    for item in items {
        if world.done.borrow().len() == last {
            std::fs::copy(dir.join("killed.safestate"), dir.join("left"))?;
        }
        world.work(*item)?;
    }
    Ok(())
}

#[test]
fn no_dead_letter_is_done_twice_wherever_a_run_is_killed() {
    let items: Vec<u32> = (0..50).collect();
    for last in 0..5 {
        let (dir, world) = (tempfile::tempdir().unwrap(), World::default());
        killed(dir.path(), &items, &world, usize::MAX).unwrap();
        killed::retry_dead_letters(dir.path()).unwrap();
        world.done.take();
        world.is_cured.set(true);
        killed(dir.path(), &items, &world, last).unwrap();
        let before: Vec<u32> = world.done.take().into_iter().take(last).collect();
        std::fs::rename(dir.path().join("left"), dir.path().join("killed.safestate")).unwrap();
        killed(dir.path(), &items, &world, usize::MAX).unwrap();
        assert_eq!([before, world.done.take()].concat(), [3, 13, 23, 33, 43]);
    }
}

#[test]
fn another_input_is_noticed_before_a_dead_letter_is_done() {
    for (items, expected) in [
        (&[1, 4, 3, 13, 5][..], "item 1 is not the one that was completed"),
        (&[1, 3, 4], "it has 3 items, but 3 are complete"),
    ] {
        let (dir, world) = (tempfile::tempdir().unwrap(), World::default());
        by_index(dir.path(), &[1, 3, 4, 13, 5], &world).unwrap();
        by_index::retry_dead_letters(dir.path()).unwrap();
        world.done.take();
        let error = by_index(dir.path(), items, &world).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(world.done.take(), [0; 0]);
    }
}

#[resumable(name = "phases", state_dir = dir)]
fn phases(dir: &Path, items: &[u32], world: &World) -> anyhow::Result<()> {
    #[resume(on_error = bury)]
    for item in items {
        if *item == 7 {
            world.done.borrow_mut().push(7);
            break;
        }
        world.work(*item)?;
    }
    let mut rest = items.iter();
    #[resume(on_error = bury)]
    while let Some(item) = rest.next() {
        if *item == 8 {
            world.done.borrow_mut().push(8);
            break;
        }
        world.work(item + 100)?;
    }
    #[resume(on_error = bury)]
    for item in items {
        world.work(item + 200)?;
    }
    Ok(())
}

#[test]
fn a_loop_that_a_break_has_left_does_no_item_behind_it() {
    let (dir, world) = (tempfile::tempdir().unwrap(), World::default());
    let items = [1, 3, 7, 13, 8, 23];
    phases(dir.path(), &items, &world).unwrap();
    assert_eq!(world.done.take(), [1, 7, 101, 107, 8, 201, 207, 208]);
    for _ in 0..2 {
        assert_eq!(phases::retry_dead_letters(dir.path()).unwrap(), 6);
        phases(dir.path(), &items, &world).unwrap();
        assert_eq!(world.done.take(), [0; 0]);
    }
    phases::retry_dead_letters(dir.path()).unwrap();
    world.is_cured.set(true);
    phases(dir.path(), &items, &world).unwrap();
    assert_eq!(world.done.take(), [3, 103, 113, 203, 213, 223]);
    assert!(phases::peek_checkpoint(dir.path()).unwrap().is_none());
}

#[resumable(name = "inner", state_dir = dir)]
fn inner(dir: &Path, items: &[u32], world: &World) -> anyhow::Result<()> {
    #[resume]
    for _ in 0..2 {
        #[resume(on_error = bury)]
        for item in items {
            world.work(*item)?;
        }
    }
    Ok(())
}

#[resumable(name = "behind", state_dir = dir, on_error = bury, cursor = |item| **item)]
fn behind(dir: &Path, items: &[u32], world: &World) -> anyhow::Result<()> {
    let cursor: Option<u32> = cursor!();
    for item in items.iter().filter(|item| Some(**item) > cursor) {
        world.work(*item)?;
    }
    Ok(())
}

#[resumable(name = "left", state_dir = dir, on_error = bury, key = |item| item)]
fn left(dir: &Path, items: &[u32], world: &World) -> anyhow::Result<()> {
    for item in items {
        if *item == 4 {
            break;
        }
        world.work(*item)?;
    }
    Ok(())
}

#[test]
fn dead_letters_that_cannot_be_done_alone_are_refused() {
    type Call = fn(&Path, &[u32], &World) -> anyhow::Result<()>;
    let jobs: [(Call, &str, DeadLetterNotRetryable); 3] = [
        (inner, "inner", DeadLetterNotRetryable::InInnerLoop),
        (behind, "behind", DeadLetterNotRetryable::BehindCursor),
        (left, "left", DeadLetterNotRetryable::LeftByBreak),
    ];
    for (job, name, expected) in jobs {
        let (dir, world) = (tempfile::tempdir().unwrap(), World::default());
        job(dir.path(), &[1, 3, 4], &world).unwrap();
        let job = Job::new(name).state_dir(dir.path());
        let before = job.peek_checkpoint().unwrap();
        let error = job.retry_dead_letters().unwrap_err();
        assert!(
            matches!(&error, Error::DeadLetterNotRetryable { index: 1, reason, .. } if *reason == expected),
            "{error}"
        );
        assert_eq!(job.peek_checkpoint().unwrap(), before);
    }
}

#[test]
fn dead_letters_are_not_put_back_while_the_job_runs() {
    let (dir, world) = (tempfile::tempdir().unwrap(), World::default());
    by_index(dir.path(), &[1, 3], &world).unwrap();
    let job = Job::new("by_index").state_dir(dir.path());
    let running = Job::new("by_index").state_dir(dir.path());
    running.run([1, 3, 4], |_| job.retry_dead_letters().map(drop)).unwrap_err();
    assert_eq!(job.retry_dead_letters().unwrap(), 1);
}
