//! Tests variables that live through the loop: carried, fresh, and what is refused.

use std::cell::Cell;
use std::path::Path;

use safe_state::{Results, resumable};
use safe_state_tests::heard;

#[resumable(name = "sum", state_dir = dir, carry(sum, words), save_every = every, durability = "process")]
fn sum(
    dir: &Path,
    items: &[u64],
    every: u64,
    stop_at: &Cell<Option<u64>>,
) -> anyhow::Result<(u64, Vec<String>)> {
    let mut sum = 0;
    let mut words: Vec<String> = Vec::new();
    for item in items {
        sum += item;
        words.push(item.to_string());
        if stop_at.get() == Some(*item) {
            anyhow::bail!("stopped at {item}");
        }
    }
    Ok((sum, words))
}

#[test]
fn a_resumed_run_returns_what_an_uninterrupted_one_returns() {
    let items: Vec<u64> = (1..=20).collect();
    let whole = (210, items.iter().map(ToString::to_string).collect::<Vec<_>>());
    for every in [1, 3, 7, 100] {
        for stop in &items {
            let dir = tempfile::tempdir().unwrap();
            let stop_at = Cell::new(Some(*stop));
            sum(dir.path(), &items, every, &stop_at).unwrap_err();
            stop_at.set(None);
            assert_eq!(sum(dir.path(), &items, every, &stop_at).unwrap(), whole, "{every} {stop}");
        }
    }
}

#[test]
fn a_peeked_checkpoint_shows_the_values() {
    let dir = tempfile::tempdir().unwrap();
    sum(dir.path(), &[1, 2, 3], 1, &Cell::new(Some(3))).unwrap_err();
    let checkpoint = sum::peek_checkpoint(dir.path(), 1).unwrap().unwrap();
    assert_eq!(checkpoint.carried("sum"), Ok(Some(3u64)));
    assert_eq!(checkpoint.carried("words"), Ok(Some(vec!["1".to_owned(), "2".to_owned()])));
    assert_eq!(checkpoint.carried::<u8>("other"), Ok(None));
    assert!(checkpoint.to_string().contains("carries    sum, words"), "{checkpoint}");
}

#[resumable(name = "arguments", state_dir = dir, carry(total, log), fresh(fail, scratch))]
fn arguments(
    dir: &Path,
    items: &[u64],
    mut total: u64,
    log: &mut Vec<u64>,
    fail: bool,
) -> Result<u64, String> {
    let mut scratch = Vec::new();
    for item in items {
        scratch.clear();
        scratch.push(*item);
        total += scratch[0];
        log.push(total);
        if fail && *item == 3 {
            return Err("three".to_owned());
        }
    }
    total += 1000;
    Ok(total)
}

#[test]
fn arguments_are_carried_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = vec![];
    arguments(dir.path(), &[1, 2, 3, 4], 100, &mut log, true).unwrap_err();
    assert_eq!(log, [101, 103, 106], "the caller sees what the failed run did");
    log.clear();
    assert_eq!(arguments(dir.path(), &[1, 2, 3, 4], 100, &mut log, false), Ok(1110));
    assert_eq!(log, [101, 103, 106, 110]);
}

mod changed {
    use super::*;

    #[resumable(name = "changed", state_dir = dir, carry(sum))]
    pub(crate) fn before(dir: &Path, items: &[u64]) -> anyhow::Result<i64> {
        let mut sum = 0i64;
        for item in items {
            anyhow::ensure!(*item < 3);
            sum -= i64::try_from(*item)?;
        }
        Ok(sum)
    }

    #[resumable(name = "changed", state_dir = dir, carry(sum), on_code_change = "continue")]
    pub(crate) fn after(dir: &Path, items: &[u64]) -> anyhow::Result<u64> {
        let mut sum = 0u64;
        for item in items {
            sum += item;
        }
        Ok(sum)
    }

    #[resumable(name = "changed", state_dir = dir, carry(sum, more), on_code_change = "continue")]
    pub(crate) fn with_more(dir: &Path, items: &[u64]) -> anyhow::Result<i64> {
        let mut sum = 0i64;
        let mut more = 0i64;
        for _ in items {
            sum += 1;
            more += 1;
        }
        Ok(sum + more)
    }
}

#[test]
fn a_changed_type_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    changed::before(dir.path(), &[1, 2, 3]).unwrap_err();
    let error = changed::after(dir.path(), &[1, 2, 3]).unwrap_err().to_string();
    let expected =
        "in job `changed`, `sum` was saved as `i64`, and does not read as `u64` without loss: ";
    assert!(error.contains(expected), "{error}");
    let error = changed::with_more(dir.path(), &[1, 2, 3]).unwrap_err().to_string();
    assert!(error.contains("2 items complete, but `more` was not carried with them"), "{error}");
}

/// Defines one function in several modules, which differ in the options of the attribute.
macro_rules! total {
    ($module:ident, $sum:ident, $($options:tt)*) => {
        mod $module {
            use super::*;

            #[resumable(name = "total", state_dir = dir, $($options)*)]
            pub(super) fn total(dir: &Path, items: &[u64], fails_at: u64) -> anyhow::Result<u64> {
                let mut $sum = 0;
                for item in items {
                    anyhow::ensure!(*item != fails_at, "asked to fail");
                    $sum += item;
                }
                Ok($sum)
            }
        }
    };
}

total!(carrying, sum, carry(sum), fresh(fails_at), on_code_change = "continue");
total!(forgetting, sum, fresh(sum, fails_at), on_code_change = "continue");
total!(strict, sum, fresh(sum, fails_at), on_code_change = "fail");
total!(restarting, sum, fresh(sum, fails_at), on_code_change = "restart");

#[test]
fn a_variable_that_is_no_longer_carried_is_told_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let items = [1, 2, 3, 4];
    carrying::total(dir.path(), &items, 3).unwrap_err();
    let (rest, heard) = heard(|| forgetting::total(dir.path(), &items, 4));
    rest.unwrap_err();
    let told = |line: &&String| line.contains("variable=\"sum\"") && line.starts_with("WARN");
    assert_eq!(heard.iter().filter(told).count(), 1, "{heard:?}");
    // The value after two items must not come back with three.
    let error = carrying::total(dir.path(), &items, 0).unwrap_err().to_string();
    assert!(error.contains("3 items complete, but `sum` was not carried with them"), "{error}");
}

#[test]
fn a_variable_that_is_no_longer_carried_may_refuse_or_restart() {
    let dir = tempfile::tempdir().unwrap();
    let items = [1, 2, 3, 4];
    carrying::total(dir.path(), &items, 3).unwrap_err();
    let error = strict::total(dir.path(), &items, 0).unwrap_err().to_string();
    assert!(error.contains("the code of job `total` has changed"), "{error}");
    assert_eq!(carrying::total(dir.path(), &items, 4).unwrap_err().to_string(), "asked to fail");
    assert_eq!(restarting::total(dir.path(), &items, 0).unwrap(), 10);
}

#[resumable(name = "opened-once", state_dir = dir, carry(opened))]
fn opened_once(dir: &Path, items: &[u64], opens: &Cell<u32>) -> Result<u32, String> {
    let mut opened = {
        opens.set(opens.get() + 1);
        0
    };
    for item in items {
        opened += 1;
        if *item == 2 && opens.get() == 1 && opened == 2 {
            opens.set(7);
            return Err("two".to_owned());
        }
    }
    Ok(opened)
}

#[test]
fn the_initialiser_runs_on_a_fresh_start_only() {
    let dir = tempfile::tempdir().unwrap();
    let opens = Cell::new(0);
    opened_once(dir.path(), &[1, 2, 3], &opens).unwrap_err();
    assert_eq!(opened_once(dir.path(), &[1, 2, 3], &opens), Ok(3));
    assert_eq!(opens.get(), 7);
}

#[resumable(name = "async", state_dir = dir.clone(), carry(sum), save_every = 2, fresh(fail_at))]
async fn in_async(dir: std::path::PathBuf, items: Vec<u64>, fail_at: u64) -> anyhow::Result<u64> {
    let mut sum = 0;
    for item in items {
        tokio::task::yield_now().await;
        sum += item;
        anyhow::ensure!(item != fail_at);
    }
    Ok(sum)
}

#[test]
fn async_functions_carry_as_well() {
    fn sendable<T: Send>(future: T) -> T {
        future
    }
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = |fail_at| {
        runtime.block_on(sendable(in_async(dir.path().to_owned(), vec![1, 2, 3, 4, 5], fail_at)))
    };
    run(4).unwrap_err();
    assert_eq!(run(0).unwrap(), 15);
}

#[resumable(name = "results", state_dir = dir, carry(sizes), save_every = 2, durability = "process", fresh(fail))]
fn results(dir: &Path, words: &[&str], fail: bool) -> anyhow::Result<Vec<usize>> {
    let mut sizes = Results::new();
    for word in words {
        anyhow::ensure!(!fail || *word != "fail");
        sizes.push(word.len());
    }
    Ok(sizes.into())
}

#[test]
fn results_grow_and_can_be_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    results(dir.path(), &["a", "bb", "ccc", "dddd", "fail"], true).unwrap_err();
    let checkpoint = results::peek_checkpoint(dir.path()).unwrap().unwrap();
    let seen: Results<usize> = checkpoint.carried("sizes").unwrap().unwrap();
    assert_eq!(*seen, [1, 2, 3, 4]);
    let whole = results(dir.path(), &["a", "bb", "ccc", "dddd", "fail"], false).unwrap();
    assert_eq!(whole, [1, 2, 3, 4, 4]);
}
