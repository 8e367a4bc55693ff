//! Tests items that are given up, with a record.

use std::cell::RefCell;
use std::path::Path;

use safe_state::{Action, Backoff, Checkpoint, DeadLetter, ErrorContext, resumable};

type Done = RefCell<Vec<u32>>;

fn bury(error: &ErrorContext) -> Action {
    if error.is_last() { Action::DeadLetter } else { Action::Retry }
}

macro_rules! jobs {
    ($($name:ident $(, $option:ident = $value:expr)*;)*) => { $(
        #[resumable(
            name = stringify!($name), state_dir = dir, max_attempts = 2, backoff = Backoff::none(),
            on_error = bury, capture(item), carry(sum), $($option = $value),*
        )]
        fn $name(dir: &Path, items: &[u32], done: &Done) -> anyhow::Result<u32> {
            let mut sum = 0;
            for item in items {
                sum += item;
                anyhow::ensure!(item % 10 != 3, "no {item}");
                done.borrow_mut().push(*item);
            }
            Ok(sum)
        }
    )* };
}

jobs! {
    by_index;
    by_key, key = |item| item;
    seldom, save_every = 100;
    limited, skip_limit = 1;
}

fn letters(checkpoint: &Checkpoint) -> Vec<(u64, u32, String)> {
    let of = |letter: DeadLetter| {
        let captured = letter.failure().captured().iter().map(|it| it.value.as_str());
        let text = format!("{}: {}", captured.collect::<String>(), letter.failure().message());
        (letter.index(), letter.attempts(), text)
    };
    checkpoint.dead_letters().iter().map(of).collect()
}

#[test]
fn dead_letters_are_kept_with_the_finished_job() {
    for (job, peek) in [
        (
            by_index as fn(&Path, &[u32], &Done) -> anyhow::Result<u32>,
            by_index::peek_checkpoint as fn(&Path) -> _,
        ),
        (by_key, by_key::peek_checkpoint),
        (seldom, seldom::peek_checkpoint),
    ] {
        let (dir, done) = (tempfile::tempdir().unwrap(), Done::default());
        assert_eq!(job(dir.path(), &[1, 3, 4, 13, 5], &done).unwrap(), 10);
        assert_eq!(done.take(), [1, 4, 5]);
        let checkpoint: Checkpoint = peek(dir.path()).unwrap().unwrap();
        assert!(checkpoint.is_finished());
        let expected = [(1, 2, "3: no 3".to_owned()), (3, 2, "13: no 13".to_owned())];
        assert_eq!(letters(&checkpoint), expected);
        assert!(
            checkpoint.to_string().contains("given up   2\n    item 1: no 3 ("),
            "{checkpoint}"
        );
        let json = serde_json::to_string(&checkpoint).unwrap();
        assert_eq!(serde_json::from_str::<Checkpoint>(&json).unwrap(), checkpoint);

        assert_eq!(job(dir.path(), &[1, 3, 4, 13, 5, 6, 23], &done).unwrap(), 16);
        assert_eq!(done.take(), [6]);
        assert_eq!(letters(&peek(dir.path()).unwrap().unwrap()).len(), 3);
        assert_eq!(job(dir.path(), &[1, 3, 4, 13, 5, 6, 23], &done).unwrap(), 16);
        assert_eq!((done.take(), letters(&peek(dir.path()).unwrap().unwrap()).len()), (vec![], 3));
    }
}

#[test]
fn dead_letters_of_keyed_items_tell_the_key() {
    let (dir, done) = (tempfile::tempdir().unwrap(), Done::default());
    by_key(dir.path(), &[3, 4], &done).unwrap();
    by_index(dir.path(), &[3, 4], &done).unwrap();
    let key = |checkpoint: Checkpoint| checkpoint.dead_letters().iter().next().unwrap().key_hash();
    assert!(key(by_key::peek_checkpoint(dir.path()).unwrap().unwrap()).is_some());
    assert!(key(by_index::peek_checkpoint(dir.path()).unwrap().unwrap()).is_none());
}

#[test]
fn dead_letters_count_as_given_up() {
    let (dir, done) = (tempfile::tempdir().unwrap(), Done::default());
    let error = limited(dir.path(), &[1, 3, 4, 13, 5], &done).unwrap_err();
    assert_eq!(error.to_string(), "no 13");
    let checkpoint = limited::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!((letters(&checkpoint).len(), checkpoint.completed().prefix()), (1, 3));
}
