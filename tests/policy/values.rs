//! Tests carried variables, items and captured values, of items that are tried again.

use std::cell::Cell;
use std::path::Path;

use safe_state::{Action, Backoff, Job, Results, resumable};

/// A service that fails at each item as often as the item's number says.
struct Flaky(Cell<(u32, u32)>);

impl Flaky {
    fn new() -> Self {
        Flaky(Cell::new((0, 0)))
    }

    fn work(&self, item: u32) -> anyhow::Result<()> {
        let (last, failures) = self.0.get();
        let failures = if last == item { failures } else { 0 };
        self.0.set((item, failures + 1));
        anyhow::ensure!(failures >= item, "failure {failures}");
        Ok(())
    }
}

#[resumable(name = "values", state_dir = dir, max_attempts = 9, backoff = Backoff::none(), carry(rows, text, total), fresh(flaky))]
fn values(
    dir: &Path,
    items: Vec<(u32, String)>,
    total: &mut u32,
) -> anyhow::Result<(Vec<u32>, String)> {
    let flaky = Flaky::new();
    let mut rows = Results::new();
    let mut text = String::new();
    for (item, name) in items {
        rows.push(item);
        text.push_str(&name);
        *total += item;
        flaky.work(item)?;
    }
    Ok((rows.into(), text))
}

#[test]
fn a_failed_attempt_leaves_nothing_in_carried_variables() {
    let dir = tempfile::tempdir().unwrap();
    let mut total = 0;
    let items = (0..5).map(|item| (item, item.to_string())).collect();
    let (rows, text) = values(dir.path(), items, &mut total).unwrap();
    assert_eq!((rows, text.as_str(), total), (vec![0, 1, 2, 3, 4], "01234", 10));
}

#[resumable(name = "replaced", state_dir = dir, max_attempts = 9, backoff = Backoff::none(), carry(rows), fresh(flaky))]
fn replaced(dir: &Path, items: &[u32]) -> anyhow::Result<Vec<u32>> {
    let flaky = Flaky::new();
    let mut rows = Results::new();
    for item in items {
        if *item == 2 {
            let all: Vec<u32> = std::mem::take(&mut rows).into();
            rows.extend(all);
        }
        rows.push(*item);
        flaky.work(u32::from(*item == 2))?;
    }
    Ok(rows.into())
}

#[test]
fn a_list_that_was_replaced_is_not_taken_for_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let error = replaced(dir.path(), &[1, 2, 3]).unwrap_err();
    assert_eq!(error.to_string(), "failure 0");
    let checkpoint = Job::new("replaced").state_dir(dir.path()).peek_checkpoint();
    let checkpoint = checkpoint.unwrap().unwrap();
    let rows = checkpoint.carried::<Results<u32>>("rows").unwrap().unwrap();
    assert_eq!((rows.into_vec(), checkpoint.completed().prefix()), (vec![1], 1));
}

#[resumable(name = "saved", state_dir = dir, save_every = 100, max_attempts = 1, on_error = |_| Action::Skip, carry(sum))]
fn saved_seldom(dir: &Path, items: Vec<Unique>) -> anyhow::Result<u32> {
    let mut sum = 0;
    for item in items {
        sum += item.0;
        anyhow::ensure!(item.0 % 3 != 0);
        anyhow::ensure!(item.0 < 20 || Path::new("/nonexistent").exists());
    }
    Ok(sum)
}

/// An item that is neither `Copy` nor `Clone`.
#[derive(Hash)]
struct Unique(u32);

#[test]
fn an_item_that_is_tried_once_need_not_be_clone() {
    let dir = tempfile::tempdir().unwrap();
    let sum = saved_seldom(dir.path(), (0..25).map(Unique).collect()).unwrap();
    assert_eq!(sum, (0..20).filter(|item| item % 3 != 0).sum::<u32>());
}

#[resumable(name = "fails", state_dir = dir, save_every = 100, max_attempts = 2, backoff = Backoff::none(), carry(sum), capture(item), fresh(fails))]
fn fails_at_seven(dir: &Path, items: &[u32], fails: bool) -> anyhow::Result<u32> {
    let mut sum = 0;
    for item in items {
        sum += item;
        anyhow::ensure!(!fails || *item != 7, "seven");
    }
    Ok(sum)
}

#[test]
fn what_is_complete_before_a_failure_is_saved_with_its_values() {
    let dir = tempfile::tempdir().unwrap();
    let items: Vec<u32> = (0..10).collect();
    fails_at_seven(dir.path(), &items, true).unwrap_err();
    let checkpoint = fails_at_seven::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.completed().prefix(), 7);
    assert_eq!(checkpoint.carried::<u32>("sum").unwrap(), Some(21));
    assert_eq!(checkpoint.last_failure().unwrap().captured()[0].value, "7");
    assert_eq!(fails_at_seven(dir.path(), &items, false).unwrap(), 45);
}
