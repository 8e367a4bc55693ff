//! Tests input and code that change under a checkpoint.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use safe_state::resumable;
use safe_state_tests::Alone;

type Seen = RefCell<Vec<String>>;

#[resumable(name = "words", state_dir = dir)]
fn words(dir: &Path, items: &[&str], seen: &Seen) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(*item != "fail");
        seen.borrow_mut().push((*item).to_owned());
    }
    Ok(())
}

#[resumable(name = "words", state_dir = dir, on_input_change = "continue", on_code_change = "continue")]
fn words_by_index(dir: &Path, items: &[&str], seen: &Seen) -> anyhow::Result<()> {
    for item in items {
        seen.borrow_mut().push((*item).to_owned());
    }
    Ok(())
}

/// Runs a job that completes two of three items.
fn begun() -> (tempfile::TempDir, Seen) {
    let dir = tempfile::tempdir().unwrap();
    let seen = Seen::default();
    words(dir.path(), &["a", "b", "fail"], &seen).unwrap_err();
    assert_eq!(*seen.borrow(), ["a", "b"]);
    (dir, seen)
}

#[test]
fn an_item_put_in_front_is_noticed() {
    let (dir, seen) = begun();
    let error = words(dir.path(), &["new", "a", "b", "c"], &seen).unwrap_err().to_string();
    assert!(error.contains("item 0 is not the one that was completed"), "{error}");
    assert_eq!(*seen.borrow(), ["a", "b"], "nothing ran");
    words(dir.path(), &["a", "b", "c"], &seen).unwrap();
    assert_eq!(*seen.borrow(), ["a", "b", "c"], "the checkpoint was left as it was");
}

#[test]
fn an_item_taken_away_is_noticed() {
    let (dir, seen) = begun();
    let error = words(dir.path(), &["a"], &seen).unwrap_err().to_string();
    assert!(error.contains("it has 1 item, but 2 are complete"), "{error}");
    let error = words(dir.path(), &["b", "c"], &seen).unwrap_err().to_string();
    assert!(error.contains("item 0 is not the one"), "{error}");
}

#[test]
fn items_added_at_the_end_are_done() {
    let (dir, seen) = begun();
    words(dir.path(), &["a", "b", "c", "d"], &seen).unwrap();
    assert_eq!(*seen.borrow(), ["a", "b", "c", "d"]);
}

#[test]
fn the_index_alone_counts_if_asked() {
    let (dir, seen) = begun();
    words_by_index(dir.path(), &["x", "y", "z"], &seen).unwrap();
    assert_eq!(*seen.borrow(), ["a", "b", "z"]);
}

#[resumable(name = "lines", state_dir = dir)]
fn lines(dir: &Path, input: impl std::io::BufRead, seen: &Seen) -> std::io::Result<()> {
    for line in input.lines() {
        let line = line?;
        if line == "fail" {
            return Err(std::io::Error::other("fail"));
        }
        seen.borrow_mut().push(line);
    }
    Ok(())
}

#[test]
fn lines_of_unknown_number_are_known_again() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Seen::default();
    lines(dir.path(), &b"a\nb\nfail"[..], &seen).unwrap_err();
    let error = lines(dir.path(), &b"a\n"[..], &seen).unwrap_err().to_string();
    assert!(error.contains("it has fewer items than before"), "{error}");
    let error = lines(dir.path(), &b"a\nB\nc"[..], &seen).unwrap_err().to_string();
    assert!(error.contains("item 1 is not the one"), "{error}");
    lines(dir.path(), &b"a\nb\nc"[..], &seen).unwrap();
    assert_eq!(*seen.borrow(), ["a", "b", "c"]);
}

#[resumable(name = "changing", state_dir = dir, fresh(fail, items))]
fn changing(dir: &Path, items: &mut [u32], fail: bool) -> Result<(), String> {
    for item in items.iter_mut() {
        *item += 1;
        if fail && *item == 3 {
            return Err("three".to_owned());
        }
    }
    Ok(())
}

#[test]
fn items_that_the_loop_changes_are_not_taken_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut items = [1, 2, 3];
    changing(dir.path(), &mut items, true).unwrap_err();
    changing(dir.path(), &mut items, false).unwrap();
    assert_eq!(items, [2, 4, 4], "the second item failed after its effect, and ran again");
}

mod code {
    use super::*;

    #[resumable(name = "code", state_dir = dir)]
    pub(crate) fn first(dir: &Path, items: &[u32]) -> Result<u32, String> {
        for item in items {
            if *item == 2 {
                return Err("two".to_owned());
            }
        }
        Ok(1)
    }

    #[resumable(name = "code", state_dir = dir, on_code_change = "fail")]
    pub(crate) fn strict(dir: &Path, items: &[u32]) -> Result<u32, String> {
        for _ in items {}
        Ok(2)
    }

    #[resumable(name = "code", state_dir = dir, on_code_change = "restart", verbose)]
    pub(crate) fn restarting(
        dir: &Path,
        items: &[u32],
        seen: &RefCell<Vec<u32>>,
    ) -> Result<u32, String> {
        for item in items {
            seen.borrow_mut().push(*item);
        }
        Ok(3)
    }
}

#[test]
fn changed_code_goes_on_or_fails_or_restarts_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    code::first(dir.path(), &[1, 2, 3]).unwrap_err();
    code::first(dir.path(), &[1, 2, 3]).unwrap_err();
    let dir_of = dir.path().to_owned();
    let refused = std::panic::catch_unwind(move || code::strict(&dir_of, &[1, 2, 3])).unwrap_err();
    let refused = refused.downcast_ref::<String>().unwrap();
    assert!(refused.contains("the code of job `code` has changed"), "{refused}");
    let seen = RefCell::default();
    assert_eq!(code::restarting(dir.path(), &[1, 2, 3], &seen), Ok(3));
    assert_eq!(*seen.borrow(), [1, 2, 3]);
}

#[resumable(name = "seldom", state_dir = dir, save_every = 1000)]
fn seldom(dir: &Path, items: &[&str]) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(*item != "fail");
    }
    Ok(())
}

#[test]
fn an_item_put_in_front_is_noticed_if_only_the_failure_was_saved() {
    let dir = tempfile::tempdir().unwrap();
    seldom(dir.path(), &["a", "b", "c", "fail"]).unwrap_err();
    let error = seldom(dir.path(), &["new", "a", "b", "c", "d"]).unwrap_err().to_string();
    assert!(error.contains("item 0 is not the one that was completed"), "{error}");
}

/// Notes the items that a job over maps has done.
#[resumable(name = "maps", state_dir = dir, fresh(fails_at))]
fn maps(dir: &Path, items: &[Row], fails_at: u32, seen: &RefCell<Vec<u32>>) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(item.number != fails_at);
        seen.borrow_mut().push(item.number);
    }
    Ok(())
}

#[derive(serde::Serialize)]
struct Row {
    number: u32,
    tags: HashMap<String, HashMap<u32, String>>,
}

fn rows(other: bool) -> Vec<Row> {
    let inner = |n: u32| (0..20).map(|m| (m, format!("{}", m * n + u32::from(other)))).collect();
    let tags = |n| (0..20).map(|m| (format!("tag {m}"), inner(n))).collect();
    (0..5).map(|number| Row { number, tags: tags(number) }).collect()
}

#[test]
fn maps_are_the_same_input_in_another_process() {
    if let Some(dir) = std::env::var_os("MAPS_IN") {
        let has = |name| std::env::var_os(name).is_some();
        let (seen, fails_at) = (RefCell::default(), if has("MAPS_FAIL") { 3 } else { 9 });
        let ended = maps(Path::new(&dir), &rows(has("MAPS_OTHER")), fails_at, &seen);
        println!("DONE {:?} {ended:?}", seen.take());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let run = |variables: &[&str]| {
        let name = "maps_are_the_same_input_in_another_process";
        let mut child = Alone::new(module_path!(), name).command();
        child.env("MAPS_IN", dir.path()).env("RUST_BACKTRACE", "0");
        child.envs(variables.iter().map(|name| (name, "1")));
        let told = String::from_utf8(child.output().unwrap().stdout).unwrap();
        told.split_once("DONE ").map(|(_, told)| told.to_owned()).unwrap_or(told)
    };
    assert!(run(&["MAPS_FAIL"]).starts_with("[0, 1, 2] Err"));
    for _ in 0..5 {
        assert!(run(&["MAPS_FAIL"]).starts_with("[] Err"));
    }
    let other = run(&["MAPS_OTHER"]);
    assert!(other.contains("is not the one that was completed"), "{other}");
    assert!(
        other.contains("`key`, `consumed` and `on_input_change` are for inputs that change"),
        "{other}"
    );
    assert!(run(&[]).starts_with("[3, 4] Ok"));
}

#[resumable(name = "indexed", state_dir = dir, fresh(dir))]
fn indexed(dir: &Path, rows: &[String], fails_at: &str) -> anyhow::Result<()> {
    for at in 0..rows.len() {
        anyhow::ensure!(rows[at] != fails_at, "stopped");
    }
    Ok(())
}

#[resumable(name = "indexed", state_dir = dir, fresh(dir))]
fn indexed_local(dir: &Path, text: &str, fails_at: &str) -> anyhow::Result<()> {
    let rows: Vec<&str> = text.split(' ').collect();
    #[resume]
    for at in (0..rows.len()).rev().step_by(2) {
        anyhow::ensure!(rows[at] != fails_at, "stopped");
    }
    Ok(())
}

/// The items show the lengths of the rows alone, so that the rows are checked by themselves.
#[resumable(name = "indexed", state_dir = dir, fresh(dir), check = |(at, _)| rows[*at].clone())]
fn mapped(dir: &Path, rows: &[String], fails_at: &str) -> anyhow::Result<()> {
    for (at, len) in rows.iter().map(String::len).enumerate() {
        anyhow::ensure!(rows[at] != fails_at && len == 1, "stopped");
    }
    Ok(())
}

/// The items are numbers, which are the same whatever the rows are.
#[test]
fn the_rows_behind_indices_are_compared() {
    let rows = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let dir = tempfile::tempdir().unwrap();
    indexed(dir.path(), &rows("a b c d"), "c").unwrap_err();
    let refused = indexed(dir.path(), &rows("x a b c d"), "c").unwrap_err().to_string();
    assert!(refused.contains("item 0 is not the one that was completed"), "{refused}");
    let stopped = indexed(dir.path(), &rows("a b c d e"), "c").unwrap_err();
    assert_eq!(stopped.to_string(), "stopped");
    let dir = tempfile::tempdir().unwrap();
    indexed_local(dir.path(), "a b c d e", "c").unwrap_err();
    assert_eq!(indexed_local(dir.path(), "a b c d e", "c").unwrap_err().to_string(), "stopped");
    let dir = tempfile::tempdir().unwrap();
    mapped(dir.path(), &rows("a b c d"), "c").unwrap_err();
    let refused = mapped(dir.path(), &rows("x b c d"), "c").unwrap_err().to_string();
    assert!(refused.contains("item 0 is not the one that was completed"), "{refused}");
}

#[resumable(name = "broken", state_dir = dir, fresh(dir, fails), carry(n))]
fn broken_off(dir: &Path, rows: &[&str], fails: bool) -> anyhow::Result<usize> {
    let mut n = 0;
    #[resume]
    for row in rows {
        n += row.len();
        if *row == "end" {
            break;
        }
    }
    #[resume]
    for at in 0..3 {
        anyhow::ensure!(!fails || at < 1, "stopped");
        n += 100;
    }
    Ok(n)
}

#[resumable(name = "broken", state_dir = dir, fresh(dir, fails), carry(n))]
fn asked_and_broken_off(dir: &Path, rows: &[&str], fails: bool) -> anyhow::Result<usize> {
    let mut n = 0;
    let mut given = rows.iter();
    #[resume]
    while let Some(row) = given.next() {
        n += row.len();
        if *row == "end" {
            break;
        }
    }
    #[resume]
    for at in 0..3 {
        anyhow::ensure!(!fails || at < 1, "stopped");
        n += 100;
    }
    Ok(n)
}

/// The items of a loop that a `break` has left are complete as well, and looked at where a run goes on behind it.
#[test]
fn an_item_that_was_put_in_front_of_a_break_is_noticed() {
    type Broken = fn(&Path, &[&str], bool) -> anyhow::Result<usize>;
    let jobs: [Broken; 2] = [broken_off, asked_and_broken_off];
    for job in jobs {
        let dir = tempfile::tempdir().unwrap();
        job(dir.path(), &["a", "bb", "end", "c"], true).unwrap_err();
        let refused = job(dir.path(), &["new", "a", "bb", "end"], false).unwrap_err().to_string();
        assert!(refused.contains("item 0 is not the one that was completed"), "{refused}");
        assert_eq!(job(dir.path(), &["a", "bb", "end", "other"], false).unwrap(), 306);
    }
}

struct Batch {
    rows: Vec<String>,
    done: usize,
}

impl Batch {
    #[resumable(name = "batch", state_dir = dir, fresh(dir, self.done, fails_at))]
    fn all(&mut self, dir: &Path, fails_at: &str) -> anyhow::Result<()> {
        for at in 0..self.rows.len() {
            anyhow::ensure!(self.rows[at] != fails_at, "stopped");
            self.done += 1;
        }
        Ok(())
    }
}

#[test]
fn the_rows_in_a_field_are_compared() {
    let batch = |text: &str| Batch { rows: text.split(' ').map(str::to_owned).collect(), done: 0 };
    let dir = tempfile::tempdir().unwrap();
    batch("a b c d").all(dir.path(), "c").unwrap_err();
    let refused = batch("x a b c d").all(dir.path(), "c").unwrap_err().to_string();
    assert!(refused.contains("item 0 is not the one that was completed"), "{refused}");
    batch("a b c d e").all(dir.path(), "").unwrap();
}
