//! Tests that a failure tells why the run ends with it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::Context;
use safe_state::{Action, Checkpoint, ErrorContext, FailureKind, Results, resumable};

fn skip(_: &ErrorContext) -> Action {
    Action::Skip
}

fn bury(_: &ErrorContext) -> Action {
    Action::DeadLetter
}

fn panics(error: &ErrorContext) -> Action {
    panic!("no answer to item {}", error.index())
}

macro_rules! jobs {
    ($($name:ident $(, $option:ident = $value:expr)*;)*) => { $(
        #[resumable(name = stringify!($name), state_dir = dir, $($option = $value),*)]
        fn $name(dir: &Path, items: u32) -> anyhow::Result<()> {
            for item in 0..items {
                let lost: io::Result<()> = Err(io::Error::other("lost"));
                lost.with_context(|| format!("no {item}"))?;
            }
            Ok(())
        }
    )* };
}

jobs! {
    skips, on_error = skip, skip_limit = 2;
    buries, on_error = bury, skip_limit = 2;
    asks, on_error = panics;
    fills, on_error = bury, max_attempts = 1, durability = "process", save_every = 1000;
    plain;
}

fn causes(checkpoint: Option<Checkpoint>) -> (String, Vec<String>) {
    let checkpoint = checkpoint.unwrap();
    let failure = checkpoint.last_failure().unwrap();
    (failure.message().to_owned(), failure.causes().to_vec())
}

#[test]
fn a_limit_that_is_reached_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for (error, checkpoint) in [
        (skips(dir.path(), 5).unwrap_err(), skips::peek_checkpoint(dir.path())),
        (buries(dir.path(), 5).unwrap_err(), buries::peek_checkpoint(dir.path())),
    ] {
        assert_eq!(format!("{error:#}"), "no 2: lost");
        let (message, causes) = causes(checkpoint.unwrap());
        assert_eq!((message.as_str(), causes[0].as_str(), causes.len()), ("no 2", "lost", 2));
        assert!(causes[1].contains("`skip_limit = 2` is reached"), "{causes:?}");
    }
}

#[test]
fn there_is_no_room_for_more_dead_letters() {
    let dir = tempfile::tempdir().unwrap();
    let error = fills(dir.path(), 10_100).unwrap_err();
    assert_eq!(format!("{error:#}"), "no 10000: lost");
    let (message, causes) = causes(fills::peek_checkpoint(dir.path()).unwrap());
    assert_eq!((message.as_str(), causes[0].as_str()), ("no 10000", "lost"));
    assert!(causes[1].contains("10000 dead letters, and no room for more"), "{causes:?}");
}

#[test]
fn an_error_that_on_error_panics_about_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| asks(dir.path(), 5))).unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "no answer to item 0");
    let checkpoint = asks::peek_checkpoint(dir.path()).unwrap().unwrap();
    let failure = checkpoint.last_failure().unwrap();
    assert_eq!((failure.kind(), failure.index()), (FailureKind::Panic, Some(0)));
    assert_eq!(failure.message(), "no answer to item 0");
    assert_eq!(failure.causes()[1..], ["no 0 (std::io::error::Error)", "lost"]);
    assert!(failure.causes()[0].contains("`on_error` panicked"), "{failure}");
}

#[test]
fn what_holds_an_error_is_named_by_that() {
    let dir = tempfile::tempdir().unwrap();
    plain(dir.path(), 1).unwrap_err();
    let checkpoint = plain::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.last_failure().unwrap().error_type(), "std::io::error::Error");
}

#[resumable(name = "replaces", state_dir = dir, carry(rows), on_error = skip)]
fn replaces(dir: &Path, items: u32) -> anyhow::Result<()> {
    let mut rows: Results<u32> = Results::new();
    for item in 0..items {
        rows.push(item);
        if item == 2 {
            rows = Results::new();
            anyhow::bail!("no {item}");
        }
    }
    Ok(())
}

#[test]
fn what_cannot_be_undone_is_named() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(replaces(dir.path(), 5).unwrap_err().to_string(), "no 2");
    let (message, causes) = causes(replaces::peek_checkpoint(dir.path()).unwrap());
    assert_eq!(message, "no 2");
    assert!(causes[0].contains("in the place of `rows`"), "{causes:?}");
}
