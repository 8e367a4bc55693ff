//! Tests inputs that go on behind the last completed item.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use safe_state::{cursor, resumable};

/// A table that counts the rows that it gives.
struct Table {
    rows: Vec<(i64, &'static str)>,
    given: RefCell<u32>,
}

impl Table {
    fn new(rows: &[(i64, &'static str)]) -> Self {
        Table { rows: rows.to_vec(), given: RefCell::new(0) }
    }

    fn after(&self, id: Option<i64>) -> impl Iterator<Item = (i64, &'static str)> {
        let after = move |row: &&(i64, &str)| id.is_none_or(|id| row.0 > id);
        self.rows.iter().filter(after).copied().inspect(|_| *self.given.borrow_mut() += 1)
    }
}

#[resumable(name = "export", state_dir = dir, cursor = |(id, _)| *id, save_every = every, fresh(fail))]
fn export(
    dir: &Path,
    every: u64,
    table: &Table,
    seen: &RefCell<Vec<i64>>,
    fail: i64,
) -> anyhow::Result<()> {
    for (id, _) in table.after(cursor!()) {
        anyhow::ensure!(id != fail);
        seen.borrow_mut().push(id);
    }
    Ok(())
}

#[test]
fn nothing_is_passed_over_row_by_row() {
    [1, 2, 100].into_iter().for_each(resumed);
}

fn resumed(every: u64) {
    let dir = tempfile::tempdir().unwrap();
    let table = Table::new(&[(3, "a"), (5, "b"), (9, "c"), (11, "d")]);
    let seen = RefCell::default();
    export(dir.path(), every, &table, &seen, 9).unwrap_err();
    assert_eq!(export::peek_checkpoint(dir.path(), every).unwrap().unwrap().completed().len(), 2);
    table.given.replace(0);
    export(dir.path(), every, &table, &seen, 0).unwrap();
    assert_eq!(*seen.borrow(), [3, 5, 9, 11]);
    assert_eq!(table.given.take(), 2);
}

#[test]
fn rows_that_came_and_went_before_the_cursor_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    let seen = RefCell::default();
    let before = Table::new(&[(3, "a"), (5, "b"), (9, "c")]);
    export(dir.path(), 1, &before, &seen, 9).unwrap_err();
    let after = Table::new(&[(1, "new"), (2, "new"), (5, "b"), (7, "new"), (9, "c")]);
    export(dir.path(), 1, &after, &seen, 0).unwrap();
    assert_eq!(*seen.borrow(), [3, 5, 7, 9]);
}

/// Returns the lines from `offset` on, each with the offset behind it.
fn lines_from(path: &Path, offset: u64) -> impl Iterator<Item = (u64, String)> {
    let mut file = BufReader::new(fs::File::open(path).unwrap());
    file.seek(SeekFrom::Start(offset)).unwrap();
    let mut at = offset;
    file.lines().map(move |line| {
        let line = line.unwrap();
        at += line.len() as u64 + 1;
        (at, line)
    })
}

#[resumable(name = "lines", state_dir = dir, cursor = |(end, _)| *end)]
fn lines(dir: &Path, file: &Path, seen: &RefCell<Vec<String>>) -> anyhow::Result<()> {
    let start = cursor!().unwrap_or(0);
    for (_, line) in lines_from(file, start) {
        anyhow::ensure!(line != "fail");
        seen.borrow_mut().push(line);
    }
    Ok(())
}

#[test]
fn a_file_goes_on_at_its_byte_offset() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lines");
    let seen = RefCell::default();
    fs::write(&file, "a\nbc\nfail\n").unwrap();
    lines(dir.path(), &file, &seen).unwrap_err();
    fs::write(&file, "X\nYZ\nc\nd\n").unwrap();
    lines(dir.path(), &file, &seen).unwrap();
    assert_eq!(*seen.borrow(), ["a", "bc", "c", "d"]);
}

/// A service that gives a page with a token for the next page, and notes the tokens it is asked with.
struct Pages(RefCell<Vec<Option<String>>>);

impl Pages {
    fn page(&self, token: Option<String>) -> Option<(String, u32)> {
        self.0.borrow_mut().push(token.clone());
        let number =
            token.map_or(0, |token| token.strip_prefix("after-").unwrap().parse().unwrap());
        (number < 4).then(|| (format!("after-{}", number + 1), number))
    }
}

#[resumable(name = "pages", state_dir = dir, fresh(fail))]
fn pages(dir: &Path, service: &Pages, seen: &RefCell<Vec<u32>>, fail: u32) -> Result<(), String> {
    #[resume(cursor = |(token, _)| token.clone())]
    while let Some((_, page)) = service.page(cursor!()) {
        if page == fail {
            return Err("failed".to_owned());
        }
        seen.borrow_mut().push(page);
    }
    Ok(())
}

#[test]
fn a_page_token_is_asked_for_at_each_page() {
    let dir = tempfile::tempdir().unwrap();
    let (service, seen) = (Pages(RefCell::default()), RefCell::default());
    pages(dir.path(), &service, &seen, 2).unwrap_err();
    let asked = service.0.take();
    assert_eq!(asked, [None, Some("after-1".to_owned()), Some("after-2".to_owned())]);
    pages(dir.path(), &service, &seen, 99).unwrap();
    assert_eq!(service.0.take()[0], Some("after-2".to_owned()));
    assert_eq!(*seen.borrow(), [0, 1, 2, 3]);
}

#[resumable(name = "tenants", state_dir = dir, carry(seen), fresh(fail))]
fn tenants(dir: &Path, tenants: &[Table], fail: i64) -> anyhow::Result<Vec<i64>> {
    let mut seen = Vec::new();
    #[resume]
    for tenant in tenants.iter().map(|table| &table.rows) {
        let table = Table::new(tenant);
        let after = cursor!();
        #[resume(cursor = |row| row.0)]
        for (id, _) in table.after(after) {
            anyhow::ensure!(id != fail);
            seen.push(id);
        }
    }
    Ok(seen)
}

#[test]
fn a_cursor_belongs_to_the_item_around_it() {
    let dir = tempfile::tempdir().unwrap();
    let input = [Table::new(&[(1, ""), (8, "")]), Table::new(&[(2, ""), (4, ""), (6, "")])];
    tenants(dir.path(), &input, 4).unwrap_err();
    assert_eq!(tenants(dir.path(), &input, 0).unwrap(), [1, 8, 2, 4, 6]);
}

mod changed {
    use super::*;

    #[resumable(name = "changed", state_dir = dir, cursor = |item| **item)]
    pub(crate) fn by_number(dir: &Path, items: &[u32]) -> anyhow::Result<()> {
        let after = cursor!().unwrap_or(0);
        for item in items.iter().filter(|item| **item > after) {
            anyhow::ensure!(*item != 3);
        }
        Ok(())
    }

    #[resumable(name = "changed", state_dir = dir, cursor = |item| item.to_string(), on_code_change = "continue")]
    pub(crate) fn by_text(dir: &Path, items: &[u32]) -> anyhow::Result<()> {
        let after: Option<String> = cursor!();
        let after = after.map_or(0, |text| text.parse().unwrap());
        for item in items.iter().filter(|item| **item > after) {
            anyhow::ensure!(*item != 3);
        }
        Ok(())
    }

    #[resumable(name = "changed", state_dir = dir, on_code_change = "continue")]
    pub(crate) fn by_index(dir: &Path, items: &[u32]) -> anyhow::Result<()> {
        for item in items {
            anyhow::ensure!(*item != 3);
        }
        Ok(())
    }
}

#[test]
fn another_cursor_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    changed::by_number(dir.path(), &[1, 3]).unwrap_err();
    let error = changed::by_text(dir.path(), &[1]).unwrap_err().to_string();
    let expected =
        "`cursor!()` was saved as `u32`, and does not read as `alloc::string::String` without loss";
    assert!(error.contains(expected), "{error}");
    let error = changed::by_index(dir.path(), &[1]).unwrap_err().to_string();
    assert!(error.contains("completed items by a cursor"), "{error}");
}

#[resumable(name = "both", state_dir = dir, fresh(fail))]
fn both(
    dir: &Path,
    accounts: &Table,
    rows: &Table,
    seen: &RefCell<Vec<(i64, i64)>>,
    fail: (i64, i64),
) -> Result<(), String> {
    #[resume(cursor = |account| account.0)]
    for (account, _) in accounts.after(cursor!()) {
        let after = cursor!();
        #[resume(cursor = |row| row.0)]
        for (id, _) in rows.after(after) {
            if (account, id) == fail {
                return Err("failed".to_owned());
            }
            seen.borrow_mut().push((account, id));
        }
    }
    Ok(())
}

#[test]
fn each_of_two_loops_inside_one_another_has_its_own_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let accounts = Table::new(&[(3, ""), (5, "")]);
    let rows = Table::new(&[(1, ""), (4, ""), (6, "")]);
    let seen = RefCell::default();
    both(dir.path(), &accounts, &rows, &seen, (5, 4)).unwrap_err();
    assert_eq!(*seen.borrow(), [(3, 1), (3, 4), (3, 6), (5, 1)]);
    both(dir.path(), &accounts, &rows, &seen, (0, 0)).unwrap();
    assert_eq!(*seen.borrow(), [(3, 1), (3, 4), (3, 6), (5, 1), (5, 4), (5, 6)]);
}

#[test]
fn an_inner_loop_belongs_to_its_row_and_not_to_one_put_in_before() {
    let dir = tempfile::tempdir().unwrap();
    let rows = Table::new(&[(1, ""), (4, "")]);
    let seen = RefCell::default();
    let before = Table::new(&[(3, ""), (9, "")]);
    both(dir.path(), &before, &rows, &seen, (9, 4)).unwrap_err();
    seen.take();
    let after = Table::new(&[(3, ""), (7, ""), (9, "")]);
    both(dir.path(), &after, &rows, &seen, (0, 0)).unwrap();
    assert_eq!(*seen.borrow(), [(7, 1), (7, 4), (9, 1), (9, 4)]);
}

#[resumable(name = "counted", state_dir = dir, carry(count), fresh(fail))]
fn counted(dir: &Path, accounts: &Table, rows: &[u32], fail: (i64, u32)) -> anyhow::Result<u32> {
    let mut count = 0;
    #[resume(cursor = |account| account.0)]
    for (account, kind) in accounts.after(cursor!()) {
        if kind == "empty" {
            continue;
        }
        #[resume]
        for row in rows {
            anyhow::ensure!((account, *row) != fail);
            count += 1;
        }
    }
    Ok(count)
}

#[test]
fn what_carried_values_have_of_a_row_is_not_counted_twice() {
    let dir = tempfile::tempdir().unwrap();
    let before = Table::new(&[(3, ""), (5, "empty"), (9, "")]);
    counted(dir.path(), &before, &[1, 4], (9, 4)).unwrap_err();
    let after = Table::new(&[(3, ""), (5, "empty"), (7, "empty"), (9, "")]);
    let error = counted(dir.path(), &after, &[1, 4], (0, 0)).unwrap_err().to_string();
    assert!(error.contains("in the middle of an item's inner loop"), "{error}");
    assert_eq!(counted(dir.path(), &before, &[1, 4], (0, 0)).unwrap(), 4);
}

#[resumable(name = "left", state_dir = dir, fresh(fail))]
fn left(dir: &Path, table: &Table, seen: &RefCell<Vec<i64>>, fail: i64) -> Result<(), String> {
    let mut rows = table.after(cursor!());
    #[resume(cursor = |row| row.0)]
    for (id, kind) in rows.by_ref() {
        if kind == "end" {
            break;
        }
        seen.borrow_mut().push(id);
    }
    #[resume]
    for (id, _) in rows {
        if id == fail {
            return Err("failed".to_owned());
        }
        seen.borrow_mut().push(id);
    }
    Ok(())
}

#[test]
fn a_loop_that_was_left_takes_nothing_from_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let table =
        Table::new(&[(1, ""), (2, ""), (3, ""), (4, "end"), (5, ""), (6, ""), (7, ""), (8, "")]);
    let seen = RefCell::default();
    left(dir.path(), &table, &seen, 6).unwrap_err();
    assert_eq!(*seen.borrow(), [1, 2, 3, 5]);
    left(dir.path(), &table, &seen, 0).unwrap();
    assert_eq!(*seen.borrow(), [1, 2, 3, 5, 6, 7, 8]);
}

#[resumable(name = "until", state_dir = dir, fresh(fail))]
fn until(dir: &Path, service: &Pages, numbers: &[u32], fail: u32) -> Result<(), String> {
    #[resume(cursor = |(token, _)| token.clone())]
    while let Some((_, page)) = service.page(cursor!()) {
        if page == 2 {
            break;
        }
    }
    #[resume]
    for number in numbers {
        if *number == fail {
            return Err("failed".to_owned());
        }
    }
    Ok(())
}

#[test]
fn a_page_at_which_a_loop_was_left_is_asked_for_once() {
    let dir = tempfile::tempdir().unwrap();
    let service = Pages(RefCell::default());
    until(dir.path(), &service, &[1, 2], 2).unwrap_err();
    service.0.take();
    until(dir.path(), &service, &[1, 2], 0).unwrap();
    assert_eq!(service.0.take(), [Some("after-2".to_owned())]);
}

#[resumable(name = "cfg", state_dir = dir, cursor = |item| **item)]
fn one_of_two(dir: &Path, items: &[u32]) {
    let after = cursor!().unwrap_or(0);
    #[cfg(test)]
    for item in items.iter().filter(|item| **item > after) {
        assert!(*item > 0);
    }
    #[cfg(not(test))]
    for item in items.iter().rev().filter(|item| **item > after) {
        assert!(*item > 0);
    }
}

#[test]
fn one_of_two_loops_that_cfg_chooses_from_has_a_cursor() {
    let dir = tempfile::tempdir().unwrap();
    one_of_two(dir.path(), &[1, 2]);
}

struct Page {
    rows: Vec<i64>,
    name: String,
}

impl Page {
    fn after(self, id: Option<i64>) -> impl Iterator<Item = i64> {
        let by = i64::try_from(self.name.len()).unwrap();
        self.rows
            .into_iter()
            .map(move |row| row * by)
            .filter(move |row| id.is_none_or(|id| *row > id))
    }
}

#[resumable(name = "page", state_dir = dir, cursor = |row| *row, fresh(seen, fail))]
fn of_a_page(
    dir: &Path,
    rows: Vec<i64>,
    seen: &RefCell<Vec<i64>>,
    fail: i64,
) -> anyhow::Result<()> {
    let name = String::from("ab");
    let least = 2;
    let is_wanted = least + fail.signum().abs() - 1;
    for row in (Page { rows, name }).after(cursor!()).filter(|row| *row > is_wanted) {
        anyhow::ensure!(row != fail);
        seen.borrow_mut().push(row);
    }
    Ok(())
}

#[test]
fn a_head_may_give_a_field_by_its_name_alone() {
    let dir = tempfile::tempdir().unwrap();
    let seen = RefCell::default();
    of_a_page(dir.path(), vec![2, 3, 4], &seen, 6).unwrap_err();
    of_a_page(dir.path(), vec![2, 3, 4], &seen, -1).unwrap();
    assert_eq!(*seen.borrow(), [4, 6, 8]);
}
