//! Tests items that are known by a key: inserted, removed, reordered and repeated.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::RandomState;
use std::path::Path;

use safe_state::resumable;

type Seen = RefCell<Vec<String>>;

#[resumable(name = "words", state_dir = dir, key = |word| word)]
fn words(dir: &Path, items: &[&str], seen: &Seen) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(*item != "fail");
        seen.borrow_mut().push((*item).to_owned());
    }
    Ok(())
}

/// Runs a job on `first`, which ends in a failure, and on `second`. Returns the items of the second run.
fn then(first: &[&str], second: &[&str]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let seen = Seen::default();
    words(dir.path(), first, &seen).unwrap_err();
    seen.take();
    words(dir.path(), second, &seen).unwrap();
    assert_eq!(words::peek_checkpoint(dir.path()).unwrap(), None);
    seen.take()
}

#[test]
fn what_was_put_in_is_done_and_nothing_else() {
    assert_eq!(then(&["a", "b", "fail"], &["x", "a", "y", "b", "c"]), ["x", "y", "c"]);
}

#[test]
fn what_was_taken_out_is_not_missed() {
    assert_eq!(then(&["a", "b", "c", "fail"], &["b", "d"]), ["d"]);
    assert_eq!(then(&["a", "b", "fail"], &[]), [""; 0]);
}

#[test]
fn another_order_does_not_matter() {
    assert_eq!(then(&["a", "b", "c", "fail"], &["d", "c", "b", "a"]), ["d"]);
}

#[test]
fn an_item_there_twice_is_done_twice() {
    assert_eq!(then(&["a", "a", "b", "fail"], &["b", "a", "a", "a", "c"]), ["a", "c"]);
    assert_eq!(then(&["a", "fail"], &["a", "a"]), ["a"]);
}

#[test]
fn a_third_run_knows_what_both_before_have_done() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Seen::default();
    words(dir.path(), &["a", "b", "fail"], &seen).unwrap_err();
    words(dir.path(), &["c", "b", "fail"], &seen).unwrap_err();
    let checkpoint = words::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.loop_progress(0).unwrap().keys().unwrap().len(), 3);
    assert_eq!(checkpoint.completed().len(), 2, "of the input as it was last");
    assert_eq!(checkpoint.last_failure().unwrap().index(), Some(2));
    words(dir.path(), &["c", "d", "a", "b"], &seen).unwrap();
    assert_eq!(*seen.borrow(), ["a", "b", "c", "d"]);
}

#[resumable(name = "table", state_dir = dir, key = |(id, _)| id, fresh(fail, done))]
fn table(dir: &Path, rows: &HashMap<u32, u32>, fail: bool) -> Result<Vec<u32>, String> {
    let done = RefCell::new(Vec::new());
    for (id, value) in rows {
        if fail && done.borrow().len() == 5 {
            return Err(format!("{:?}", done.borrow()));
        }
        done.borrow_mut().push(id * value);
    }
    Ok(done.into_inner())
}

#[test]
fn a_map_without_an_order_has_one_by_its_keys() {
    let dir = tempfile::tempdir().unwrap();
    let rows = || (1..=20).map(|id| (id, 1)).collect::<HashMap<u32, u32>>();
    let first = table(dir.path(), &rows(), true).unwrap_err();
    let first: Vec<u32> = serde_json::from_str(&first).unwrap();
    let second = table(dir.path(), &rows(), false).unwrap();
    let all: HashSet<u32> = first.iter().chain(&second).copied().collect();
    assert_eq!((first.len(), second.len(), all.len()), (5, 15, 20));
}

struct Order {
    id: Id,
    lines: Vec<&'static str>,
}

#[derive(Hash)]
struct Id(u64);

#[resumable(name = "orders", state_dir = dir, carry(total), fresh(fail_at))]
fn orders(dir: &Path, orders: &[Order], fail_at: &str) -> anyhow::Result<Vec<String>> {
    let mut total = Vec::new();
    #[resume(key = |order| &order.id)]
    for order in orders {
        #[resume(key = |line| *line)]
        for line in &order.lines {
            anyhow::ensure!(*line != fail_at);
            total.push(format!("{}{line}", order.id.0));
        }
    }
    Ok(total)
}

#[test]
fn an_inner_loop_belongs_to_its_item_wherever_that_stands() {
    let dir = tempfile::tempdir().unwrap();
    let first = [order(1, &["a", "b"]), order(2, &["c", "d", "e"]), order(3, &["a"])];
    orders(dir.path(), &first, "e").unwrap_err();
    let reordered = [order(3, &["a"]), order(2, &["e", "x", "d", "c"])];
    let error = orders(dir.path(), &reordered, "").unwrap_err().to_string();
    assert!(error.contains("in the middle of an item's inner loop"), "{error}");
    let second = [order(2, &["e", "x", "d", "c"]), order(1, &["a", "b"]), order(4, &["a"])];
    let total = orders(dir.path(), &second, "").unwrap();
    assert_eq!(total, ["1a", "1b", "2c", "2d", "2e", "2x", "4a"]);
}

#[resumable(name = "nested", state_dir = dir, fresh(fail_at))]
fn nested(dir: &Path, orders: &[Order], seen: &Seen, fail_at: &str) -> Result<(), String> {
    #[resume(key = |order| &order.id)]
    for order in orders {
        #[resume(key = |line| *line)]
        for line in &order.lines {
            if *line == fail_at {
                return Err(fail_at.to_owned());
            }
            seen.borrow_mut().push(format!("{}{line}", order.id.0));
        }
    }
    Ok(())
}

#[test]
fn an_item_left_in_the_middle_that_comes_later_begins_anew() {
    let (dir, seen) = (tempfile::tempdir().unwrap(), Seen::default());
    nested(dir.path(), &[order(1, &["a"]), order(2, &["c", "d"])], &seen, "d").unwrap_err();
    nested(dir.path(), &[order(3, &["a"]), order(2, &["c", "d"])], &seen, "").unwrap();
    assert_eq!(*seen.borrow(), ["1a", "2c", "3a", "2c", "2d"]);
}

fn order(id: u64, lines: &[&'static str]) -> Order {
    Order { id: Id(id), lines: lines.to_vec() }
}

mod changed {
    use super::*;

    #[resumable(name = "changed", state_dir = dir)]
    pub(crate) fn by_index(dir: &Path, items: &[&str]) -> anyhow::Result<()> {
        for item in items {
            anyhow::ensure!(*item != "fail");
        }
        Ok(())
    }

    #[resumable(name = "changed", state_dir = dir, key = |item| item, on_code_change = "continue")]
    pub(crate) fn by_item(dir: &Path, items: &[&str]) -> anyhow::Result<()> {
        for item in items {
            anyhow::ensure!(*item != "fail");
        }
        Ok(())
    }

    #[resumable(name = "changed", state_dir = dir, key = |item| item.len(), on_code_change = "continue")]
    pub(crate) fn by_length(dir: &Path, items: &[&str]) -> anyhow::Result<()> {
        for item in items {
            anyhow::ensure!(*item != "fail");
        }
        Ok(())
    }
}

#[test]
fn another_way_of_knowing_items_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    changed::by_item(dir.path(), &["a", "fail"]).unwrap_err();
    let error = changed::by_index(dir.path(), &["a"]).unwrap_err().to_string();
    assert!(
        error.contains(
            "identified its completed items by a key, and now identifies them differently"
        ),
        "{error}"
    );
    let error = changed::by_length(dir.path(), &["a"]).unwrap_err().to_string();
    assert!(error.contains("completed items by another key"), "{error}");
    changed::by_item(dir.path(), &["a"]).unwrap();

    changed::by_index(dir.path(), &["a", "fail"]).unwrap_err();
    let error = changed::by_item(dir.path(), &["a"]).unwrap_err().to_string();
    assert!(error.contains("completed items by their index"), "{error}");
}

mod rehashed {
    use super::*;

    #[derive(Hash)]
    pub(crate) struct Hashed(pub(crate) u32);

    #[derive(Hash, serde::Serialize)]
    pub(crate) struct Serialized(pub(crate) u32);

    #[resumable(name = "rehashed", state_dir = dir, key = |item| item, carry(sum))]
    pub(crate) fn by_hash(dir: &Path, items: &[Hashed]) -> anyhow::Result<u32> {
        let mut sum = 0;
        for item in items {
            anyhow::ensure!(item.0 != 0);
            sum += item.0;
        }
        Ok(sum)
    }

    #[resumable(name = "rehashed", state_dir = dir, key = |item| item, carry(sum), on_code_change = "continue")]
    pub(crate) fn by_value(dir: &Path, items: &[Serialized]) -> anyhow::Result<u32> {
        let mut sum = 0;
        for item in items {
            anyhow::ensure!(item.0 != 0);
            sum += item.0;
        }
        Ok(sum)
    }
}

#[test]
fn a_key_that_serialises_by_now_is_another() {
    use rehashed::{Hashed, Serialized, by_hash, by_value};

    let dir = tempfile::tempdir().unwrap();
    by_hash(dir.path(), &[Hashed(300), Hashed(0)]).unwrap_err();
    let error = by_value(dir.path(), &[Serialized(300)]).unwrap_err().to_string();
    assert!(error.contains("completed items by another key"), "{error}");
    assert_eq!(by_hash(dir.path(), &[Hashed(7), Hashed(300)]).unwrap(), 307);
}

#[resumable(name = "stream", state_dir = dir, save_every = 3, fresh(fail))]
fn received(
    dir: &Path,
    mut items: impl Iterator<Item = u32>,
    seen: &RefCell<Vec<u32>>,
    fail: u32,
) -> Result<(), String> {
    #[resume(key = |item| item)]
    while let Some(item) = items.next() {
        if item == fail {
            return Err("failed".to_owned());
        }
        seen.borrow_mut().push(item);
    }
    Ok(())
}

#[test]
fn what_is_received_is_known_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let seen = RefCell::default();
    received(dir.path(), 0..10, &seen, 5).unwrap_err();
    received(dir.path(), (0..12).rev(), &seen, 99).unwrap();
    assert_eq!(*seen.borrow(), [0, 1, 2, 3, 4, 11, 10, 9, 8, 7, 6, 5]);
}

#[test]
fn a_key_that_cannot_be_serialised_ends_the_run_before_its_item() {
    struct Odd(u32);

    impl serde::Serialize for Odd {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if self.0 == 2 {
                return Err(serde::ser::Error::custom("two is odd"));
            }
            serializer.serialize_u32(self.0)
        }
    }

    #[resumable(name = "odd", state_dir = dir, key = |odd| odd)]
    fn odds(dir: &Path, odds: &[Odd]) -> anyhow::Result<()> {
        for odd in odds {
            anyhow::ensure!(odd.0 != 2);
        }
        Ok(())
    }
    let dir = tempfile::tempdir().unwrap();
    let error = odds(dir.path(), &[Odd(1), Odd(2), Odd(3)]).unwrap_err().to_string();
    assert!(error.contains("the key of item 1 cannot be serialised (two is odd)"), "{error}");
    assert!(error.contains("leave that item out of the input"), "{error}");
    assert_eq!(odds::peek_checkpoint(dir.path()).unwrap().unwrap().completed().len(), 1);
    odds(dir.path(), &[Odd(1), Odd(3)]).unwrap();
}

#[resumable(name = "set", state_dir = dir, key = |item| (*item).clone(), fresh(set, bad))]
fn set(
    dir: &Path,
    set: &hashbrown::HashSet<String, RandomState>,
    bad: Option<&str>,
    seen: &Seen,
) -> anyhow::Result<()> {
    for item in set {
        anyhow::ensure!(bad != Some(item), "no");
        seen.borrow_mut().push(item.clone());
    }
    Ok(())
}

#[test]
fn a_set_of_hashbrown_is_done_whole_in_whatever_order() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Seen::default();
    let items = || (0..20).map(|item| item.to_string());
    set(dir.path(), &items().collect(), Some("7"), &seen).unwrap_err();
    // Another set has another order.
    set(dir.path(), &items().collect(), None, &seen).unwrap();
    let mut seen = seen.take();
    seen.sort_by_key(|item| item.parse::<u32>().unwrap());
    assert_eq!(seen, items().collect::<Vec<_>>());
}

#[resumable(name = "tree", state_dir = dir, key = |entry| entry.as_ref().ok().map(|entry| entry.path().to_owned()), fresh(bad))]
fn tree(dir: &Path, below: &Path, bad: Option<usize>, seen: &Seen) -> anyhow::Result<()> {
    for entry in walkdir::WalkDir::new(below) {
        let entry = entry?;
        anyhow::ensure!(bad != Some(seen.borrow().len()), "no");
        if entry.file_type().is_file() {
            seen.borrow_mut().push(entry.path().display().to_string());
        }
    }
    Ok(())
}

#[test]
fn a_tree_that_grows_is_done_whole() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Seen::default();
    let files = dir.path().join("files");
    let add = |name: &str| {
        let file = files.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "").unwrap();
        file.display().to_string()
    };
    let mut all: Vec<_> = ["b/1", "b/2", "c/3", "4", "5"].map(add).to_vec();
    tree(dir.path(), &files, Some(3), &seen).unwrap_err();
    all.extend(["a/6", "b/7", "8"].map(add));
    tree(dir.path(), &files, None, &seen).unwrap();
    let mut seen = seen.take();
    seen.sort();
    all.sort();
    assert_eq!(seen, all);
}
