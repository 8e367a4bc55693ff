//! Tests bodies that heed their limits.

use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use safe_state::limits::{LimitExceeded, check};
use safe_state::{Action, Error, ErrorContext, Job, StopReason, resumable};
use safe_state_tests::{Ran, shapes::block_on};

/// A time limit that only an item that waits for it exceeds.
const SHORT: Duration = Duration::from_secs(1);

fn give_up(error: &ErrorContext<'_>) -> Action {
    match error.downcast_ref() {
        Some(Error::Limit(LimitExceeded::ExecutionTimeout { .. })) => Action::DeadLetter,
        _ => Action::Fail,
    }
}

/// Goes on until it is cancelled.
fn hang() -> anyhow::Result<()> {
    loop {
        check()?;
        thread::sleep(Duration::from_millis(1));
    }
}

#[resumable(name = "slow", state_dir = dir, item_timeout = SHORT, on_error = give_up, save_every = 10)]
fn slow(dir: &Path, ran: &Ran, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        if *item == 2 {
            hang()?;
        }
        ran.note(*item);
    }
    Ok(())
}

#[test]
fn an_item_that_takes_too_long_is_the_policy_s() {
    let (dir, ran) = (tempfile::tempdir().unwrap(), Ran::default());
    slow(dir.path(), &ran, &[0, 1, 2, 3, 4]).unwrap();
    assert_eq!(ran.take(), [0, 1, 3, 4]);
    let checkpoint = slow::peek_checkpoint(dir.path()).unwrap().unwrap();
    let letter = checkpoint.dead_letters().iter().next().unwrap();
    assert_eq!(letter.index(), 2);
    let message = letter.failure().message();
    assert!(message.starts_with("there was no progress for "), "{message}");
    assert!(message.contains("1s are the limit of an item of job `slow`"), "{message}");
    check().unwrap();
}

#[resumable(name = "waiting", state_dir = dir, item_timeout = "1s", max_attempts = 2, on_error = give_up, carry(sum))]
async fn waiting(dir: &Path, ran: &Ran, items: &[u64]) -> anyhow::Result<u64> {
    let mut sum = 0;
    for item in items {
        sum += item;
        if *item == 2 {
            std::future::pending::<()>().await;
        }
        ran.note(*item);
    }
    Ok(sum)
}

#[test]
fn an_async_item_fails_at_its_await() {
    let (dir, ran) = (tempfile::tempdir().unwrap(), Ran::default());
    assert_eq!(block_on(waiting(dir.path(), &ran, &[0, 1, 2, 3, 4])).unwrap(), 8);
    assert_eq!(ran.take(), [0, 1, 3, 4]);
    let checkpoint = waiting::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.dead_letters().len(), 1);
}

#[resumable(name = "plain", state_dir = dir, item_timeout = limit, fresh(limit))]
async fn plain(dir: &Path, limit: Duration, ran: &Ran, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        if *item == 2 && limit == SHORT {
            std::future::pending::<()>().await;
        }
        ran.note(*item);
    }
    Ok(())
}

#[test]
fn without_a_policy_the_function_returns_the_error() {
    let (dir, ran) = (tempfile::tempdir().unwrap(), Ran::default());
    let items = [0, 1, 2, 3];
    let error = block_on(plain(dir.path(), SHORT, &ran, &items)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::Limit(_))), "{error}");
    let failure = plain::peek_checkpoint(dir.path(), SHORT).unwrap().unwrap();
    assert_eq!(failure.last_failure().unwrap().index(), Some(2));
    block_on(plain(dir.path(), 60 * SHORT, &ran, &items)).unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 3]);
}

#[resumable(name = "run", state_dir = dir, timeout = "1s", max_attempts = 9, fresh(is_slow))]
fn run(dir: &Path, is_slow: bool, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        if *item == 2 && is_slow {
            hang()?;
        }
    }
    Ok(())
}

#[test]
fn no_item_is_tried_again_when_the_run_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let error = run(dir.path(), true, &[0, 1, 2, 3]).unwrap_err();
    assert!(error.to_string().contains("are the limit of a run of job `run`"), "{error}");
    let progress = run::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(progress.loop_progress(0).unwrap().attempts(), None);
    run(dir.path(), false, &[0, 1, 2, 3]).unwrap();
}

fn stopped(ended: Result<(), Error>) -> StopReason {
    match ended {
        Err(Error::Stopped { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_is_over_between_two_items() {
    let dir = tempfile::tempdir().unwrap();
    let job = || Job::new("over").state_dir(dir.path());
    let work = |_| Ok::<(), Error>(());
    let sleep = |_| {
        thread::sleep(Duration::from_millis(1100));
        Ok::<(), Error>(())
    };
    assert_eq!(stopped(job().timeout("1s").run(0..3, sleep)), StopReason::Timeout);
    assert_eq!(job().peek_checkpoint().unwrap().unwrap().completed().len(), 1);
    // Any process uses more memory than that.
    assert_eq!(stopped(job().max_memory("64KiB").run(0..3, work)), StopReason::MaxMemory);
    job().timeout("1h").run(0..3, work).unwrap();
}

#[resumable(name = "nested", state_dir = dir, item_timeout = "1s", save_every = 10, fresh(hangs))]
fn nested(dir: &Path, ran: &Ran, hangs: bool, groups: &[u64]) -> anyhow::Result<()> {
    #[resume]
    for group in groups {
        #[resume]
        for item in 0..3 {
            // The three items together take longer than one item may.
            thread::sleep(SHORT / 4);
            ran.note(group * 10 + item);
        }
        check()?;
        if *group == 1 && hangs {
            hang()?;
        }
    }
    Ok(())
}

#[test]
fn items_of_an_inner_loop_have_a_time_each_and_so_has_what_is_behind_it() {
    let (dir, ran) = (tempfile::tempdir().unwrap(), Ran::default());
    let error = nested(dir.path(), &ran, true, &[0, 1, 2]).unwrap_err();
    assert!(error.to_string().contains("of an item of job `nested`"), "{error}");
    nested(dir.path(), &ran, false, &[0, 1, 2]).unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 10, 11, 12, 20, 21, 22]);
}

/// The environment belongs to the process, so the job runs in a process of its own.
#[test]
fn a_run_stops_before_the_batch_system_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3600;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_limits_in_loops"));
    child.arg("batch").arg(dir.path());
    let output = child.env("SLURM_JOB_END_TIME", end.to_string()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let dir = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_limits_in_loops"));
    child.arg("batch").arg(dir.path());
    let output = child.env("SLURM_JOB_END_TIME", (end - 3595).to_string()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("stopped before the batch system ends it"), "{said}");
}
