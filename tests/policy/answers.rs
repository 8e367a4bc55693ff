//! Tests what a function that answers errors is told, and what its answers do.

use std::cell::RefCell;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fmt, io};

use safe_state::{Action, Backoff, ErrorContext, resumable};

#[derive(Debug)]
struct Permanent(io::Error);

impl fmt::Display for Permanent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused for good")
    }
}

impl std::error::Error for Permanent {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn send(item: u32) -> anyhow::Result<()> {
    match item % 3 {
        1 => {
            Err(anyhow::Error::new(Permanent(io::Error::other("mailbox full"))).context("sending"))
        }
        _ => Ok(()),
    }
}

type Told = RefCell<Vec<String>>;

#[resumable(name = "told", state_dir = dir, key = |item| item, max_attempts = 2, on_error = |error| {
    told.borrow_mut().push(format!(
        "{} {} of {:?}{}: {error}", error.index(), error.attempt(), error.max_attempts(),
        if error.is_last() { ", the last" } else { "" },
    ));
    assert!(error.is::<Permanent>() && error.is::<io::Error>() && !error.is::<fmt::Error>());
    assert!(error.key_hash().is_some() && !error.is_panic());
    if error.is_last() { Action::Skip } else { Action::RetryAfter(Duration::from_millis(20)) }
})]
fn tell(dir: &Path, items: &[u32], told: &Told) -> anyhow::Result<()> {
    for item in items {
        send(*item)?;
    }
    Ok(())
}

#[test]
fn the_error_and_the_attempt_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (told, began) = (Told::default(), Instant::now());
    tell(dir.path(), &[0, 1, 2, 3], &told).unwrap();
    let expected = [
        "1 1 of Some(2): sending: refused for good: mailbox full",
        "1 2 of Some(2), the last: sending: refused for good: mailbox full",
    ];
    assert_eq!(told.take(), expected);
    assert!(began.elapsed() >= Duration::from_millis(20));
}

fn skip(_: &ErrorContext) -> Action {
    Action::Skip
}

#[resumable(name = "limited", state_dir = dir, on_error = skip, skip_limit = 2, save_every = 3)]
fn limited(dir: &Path, items: &[u32], done: &RefCell<Vec<u32>>) -> io::Result<()> {
    for item in items {
        if item % 10 == 0 {
            return Err(io::Error::other(format!("no {item}")));
        }
        done.borrow_mut().push(*item);
    }
    Ok(())
}

#[test]
fn more_than_the_limit_are_not_given_up_in_all_runs_together() {
    let dir = tempfile::tempdir().unwrap();
    let done = RefCell::default();
    let error = limited(dir.path(), &[1, 10, 2, 20, 3, 30, 4], &done).unwrap_err();
    assert_eq!(error.to_string(), "no 30");
    let checkpoint = limited::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!((checkpoint.skipped(), checkpoint.completed().prefix()), (2, 5));
    assert!(checkpoint.to_string().contains("\n  skipped    2\n"), "{checkpoint}");
    limited(dir.path(), &[1, 10, 2, 20, 3, 30, 4], &done).unwrap_err();
    limited(dir.path(), &[1, 10, 2, 20, 3, 31, 4], &done).unwrap();
    assert_eq!(done.take(), [1, 2, 3, 31, 4]);
}

#[resumable(name = "mute", state_dir = dir, max_attempts = 3, backoff = Backoff::constant("1ms"), fresh(tried))]
fn mute(dir: &Path, items: &[u32], tried: &mut u32) -> Result<(), String> {
    for item in items {
        if *item == 1 {
            count(tried);
            Err("no error type of its own")?;
        }
    }
    Ok(())
}

fn count(tried: &mut u32) {
    *tried += 1;
}

#[test]
fn an_error_of_any_type_is_returned_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut tried = 0;
    assert_eq!(mute(dir.path(), &[0, 1], &mut tried).unwrap_err(), "no error type of its own");
    assert_eq!(tried, 3);
    mute(dir.path(), &[0, 1], &mut tried).unwrap_err();
    assert_eq!(tried, 4);
}

#[resumable(name = "dropped", state_dir = dir, max_attempts = 2, backoff = Backoff::constant("1h"))]
async fn pausing(dir: &Path, items: &[u32]) -> io::Result<()> {
    for item in items {
        if *item == 1 {
            return Err(io::Error::other("one"));
        }
    }
    Ok(())
}

#[test]
fn a_pause_blocks_nothing_and_ends_with_its_future() {
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    smol::block_on(smol::future::or(
        async { panic!("it came to an end: {:?}", pausing(dir.path(), &[0, 1]).await) },
        async { _ = smol::Timer::after(Duration::from_millis(300)).await },
    ));
    assert!(began.elapsed() < Duration::from_secs(60));
    let checkpoint = pausing::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.loop_progress(0).unwrap().attempts().unwrap().count, 1);
}
