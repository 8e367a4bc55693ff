//! Tests which values of its arguments, and which instances, belong to a job: also those in the heads of its loops.
//! Also tests items whose `Serialize` is of an uncommon kind.

mod lent;
mod of_callers_types;
mod read_fields;

use std::cell::Cell;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::marker::PhantomData;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safe_state::{Error, cursor, resumable};

use crate::work::{DONE, LEFT, work};

/// Runs `call`, which may do `items` items. Returns its result, or the name of the argument that it was refused for;
/// `None` if it was interrupted.
fn within<T>(items: usize, call: impl FnOnce() -> anyhow::Result<T>) -> Result<T, Option<String>> {
    LEFT.set(items);
    call().map_err(|error| match error.downcast_ref() {
        Some(Error::ArgumentChanged { argument, .. }) => Some(argument.clone()),
        _ if error.to_string() == "interrupted" => None,
        _ => panic!("{error}"),
    })
}

/// Checks that a job which the first call interrupted refuses the second call, because of the argument `argument`.
#[track_caller]
fn refused(
    argument: &str,
    first: impl FnOnce(&Path) -> anyhow::Result<()>,
    second: impl FnOnce(&Path) -> anyhow::Result<()>,
) {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(within(2, || first(dir.path())), Err(None));
    assert_eq!(within(99, || second(dir.path())), Err(Some(argument.to_owned())));
}

/// Checks that a job which the first call interrupted goes on with the second call, which does `items` more items.
#[track_caller]
fn goes_on(
    items: usize,
    first: impl FnOnce(&Path) -> anyhow::Result<()>,
    second: impl FnOnce(&Path) -> anyhow::Result<()>,
) {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(within(2, || first(dir.path())), Err(None));
    DONE.set(0);
    assert_eq!(within(99, || second(dir.path())), Ok(()));
    assert_eq!(DONE.get(), items);
}

#[derive(Clone, Copy)]
struct Db;

impl Db {
    /// Returns the same numbers for each tenant.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as a database has it")]
    fn customers(self, _tenant: impl Sized) -> anyhow::Result<Vec<u32>> {
        Ok((0..5).collect())
    }
}

#[resumable(name = "mail", state_dir = dir, key = |id| id)]
fn by_key(dir: &Path, db: Db, tenant: &str) -> anyhow::Result<()> {
    for _id in db.customers(tenant)? {
        work()?;
    }
    Ok(())
}

#[resumable(name = "mail", state_dir = dir)]
fn by_index(dir: &Path, db: Db, year: u16) -> anyhow::Result<()> {
    for _month in db.customers(year)? {
        work()?;
    }
    Ok(())
}

#[resumable(name = "mail", state_dir = dir, cursor = |id| *id)]
fn by_cursor(dir: &Path, db: Db, tenant: Option<u64>) -> anyhow::Result<()> {
    let after: Option<u32> = cursor!();
    for _id in db.customers(tenant)?.into_iter().filter(|id| Some(*id) > after) {
        work()?;
    }
    Ok(())
}

#[resumable(name = "mail", state_dir = dir)]
fn once(dir: &Path, db: Db, tenant: String) -> anyhow::Result<()> {
    #[resume(consumed)]
    for _id in db.customers(&tenant)? {
        work()?;
    }
    Ok(())
}

#[resumable(name = "mail", state_dir = dir, key = |id| id)]
fn asked(dir: &Path, pages: &Cell<u32>, tenant: &str) -> anyhow::Result<()> {
    fn page(pages: &Cell<u32>, _: &str) -> Option<u32> {
        pages.set(pages.get() + 1);
        Some(pages.get()).filter(|page| *page < 5)
    }
    #[resume]
    while let Some(_id) = page(pages, tenant) {
        work()?;
    }
    Ok(())
}

#[test]
fn what_a_loop_is_asked_for_in_its_head_belongs_to_the_job() {
    refused("tenant", |dir| by_key(dir, Db, "a"), |dir| by_key(dir, Db, "b"));
    refused("year", |dir| by_index(dir, Db, 2024), |dir| by_index(dir, Db, 2025));
    refused("tenant", |dir| by_cursor(dir, Db, Some(1)), |dir| by_cursor(dir, Db, None));
    refused("tenant", |dir| once(dir, Db, "a".to_owned()), |dir| once(dir, Db, "b".to_owned()));
    let pages = || Cell::new(0);
    refused("tenant", |dir| asked(dir, &pages(), "a"), |dir| asked(dir, &pages(), "b"));
    goes_on(3, |dir| by_key(dir, Db, "a"), |dir| by_key(dir, Db, "a"));
}

#[resumable(name = "import", state_dir = dir)]
fn lines(dir: &Path, file: &Path) -> anyhow::Result<()> {
    for line in BufReader::new(fs::File::open(file)?).lines() {
        let _ = line?;
        work()?;
    }
    Ok(())
}

#[resumable(name = "import", state_dir = dir, key = |entry| entry.as_ref().ok().map(fs::DirEntry::file_name))]
fn entries(dir: &Path, folder: PathBuf) -> anyhow::Result<()> {
    for entry in folder.read_dir()? {
        let _ = entry?;
        work()?;
    }
    Ok(())
}

#[test]
fn a_path_belongs_to_the_job_also_where_it_is_walked() {
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str| files.path().join(name);
    for name in ["a", "b"] {
        fs::write(file(name), "same\n".repeat(5)).unwrap();
    }
    refused("file", |dir| lines(dir, &file("a")), |dir| lines(dir, &file("b")));
    for folder in ["c", "d"] {
        fs::create_dir(file(folder)).unwrap();
        (0..4).for_each(|n| fs::write(file(folder).join(n.to_string()), "").unwrap());
    }
    refused("folder", |dir| entries(dir, file("c")), |dir| entries(dir, file("d")));
    goes_on(2, |dir| entries(dir, file("c")), |dir| entries(dir, file("c")));
}

#[resumable(name = "grows", state_dir = dir)]
fn up_to(dir: &Path, count: u64) -> anyhow::Result<()> {
    for _n in 0..count {
        work()?;
    }
    Ok(())
}

#[resumable(name = "grows", state_dir = dir)]
fn bounded(dir: &Path, items: &[u64], least: usize, most: usize) -> anyhow::Result<()> {
    for _n in least..items.len().min(most) {
        work()?;
    }
    Ok(())
}

#[resumable(name = "grows", state_dir = dir)]
fn first_ones(dir: &Path, items: &[u64], limit: usize) -> anyhow::Result<()> {
    for _item in items.iter().take(limit) {
        work()?;
    }
    Ok(())
}

#[resumable(name = "grows", state_dir = dir)]
fn in_a_call(dir: &Path, items: &Arc<[u64]>, others: Vec<u64>) -> anyhow::Result<()> {
    for _pair in std::iter::zip(items.iter(), others) {
        work()?;
    }
    Ok(())
}

#[resumable(name = "grows", state_dir = dir)]
fn some(dir: &Path, items: Option<&Vec<u64>>) -> anyhow::Result<()> {
    for _item in std::convert::identity(items).into_iter().flatten() {
        work()?;
    }
    Ok(())
}

#[resumable(name = "grows", state_dir = dir)]
fn words(dir: &Path, text: &str) -> anyhow::Result<()> {
    for _word in text.split(' ') {
        work()?;
    }
    Ok(())
}

#[test]
fn what_is_walked_may_grow() {
    let list = |count: u64| (0..count).collect::<Vec<_>>();
    goes_on(4, |dir| up_to(dir, 4), |dir| up_to(dir, 6));
    goes_on(4, |dir| bounded(dir, &list(9), 0, 4), |dir| bounded(dir, &list(9), 0, 6));
    goes_on(4, |dir| first_ones(dir, &list(9), 4), |dir| first_ones(dir, &list(9), 6));
    goes_on(
        4,
        |dir| in_a_call(dir, &list(4).into(), list(4)),
        |dir| in_a_call(dir, &list(6).into(), list(6)),
    );
    goes_on(4, |dir| some(dir, Some(&list(4))), |dir| some(dir, Some(&list(6))));
    goes_on(2, |dir| words(dir, "a b c"), |dir| words(dir, "a b c d"));
}

#[resumable(name = "rated", state_dir = dir)]
fn rated<const RATE: u32>(dir: &Path, items: &[u64]) -> anyhow::Result<()> {
    for _item in items {
        work()?;
    }
    Ok(())
}

#[resumable(name = "array", state_dir = dir)]
fn array<const N: usize>(dir: &Path, items: [u64; N]) -> anyhow::Result<()> {
    for _item in items {
        work()?;
    }
    Ok(())
}

#[derive(Default)]
struct Exporter<T>(PhantomData<T>);

impl<T> Exporter<T> {
    #[expect(clippy::unused_self, reason = "only its type is about")]
    #[resumable(name = "export", state_dir = dir)]
    fn run(&self, dir: &Path) -> anyhow::Result<()> {
        for _item in 0..5 {
            work()?;
        }
        Ok(())
    }
}

#[test]
fn instances_are_told_apart() {
    let items = [1, 2, 3, 4];
    refused("<RATE>", |dir| rated::<10>(dir, &items), |dir| rated::<1000>(dir, &items));
    goes_on(2, |dir| rated::<10>(dir, &items), |dir| rated::<10>(dir, &items));
    goes_on(3, |dir| array(dir, [1, 2, 3]), |dir| array(dir, [1, 2, 3, 4, 5]));
    let (of_u8, of_u16) = (Exporter::<u8>::default(), Exporter::<u16>::default());
    refused("<Self>", |dir| of_u8.run(dir), |dir| of_u16.run(dir));
    goes_on(3, |dir| of_u8.run(dir), |dir| of_u8.run(dir));
}

#[resumable(name = "without", state_dir = dir)]
fn without(dir: &Path, items: &[u64], excluded: &HashSet<u64>) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(!excluded.contains(item));
        work()?;
    }
    Ok(())
}

#[resumable(name = "without", state_dir = dir)]
fn without_any(
    dir: &Path,
    items: &[u64],
    excluded: Option<Arc<hashbrown::HashSet<String>>>,
) -> anyhow::Result<()> {
    for _item in items {
        let _ = &excluded;
        work()?;
    }
    Ok(())
}

/// Each set has a hasher of its own, as it has in another process.
#[test]
fn a_set_is_compared_in_no_order() {
    let items = [1, 2, 3, 4];
    let set = |from: u64| (from..from + 50).collect::<HashSet<u64>>();
    goes_on(2, |dir| without(dir, &items, &set(10)), |dir| without(dir, &items, &set(10)));
    refused("excluded", |dir| without(dir, &items, &set(10)), |dir| without(dir, &items, &set(11)));
    let texts = |from: u64| Some(Arc::new((from..from + 50).map(|n| n.to_string()).collect()));
    goes_on(2, |dir| without_any(dir, &items, texts(1)), |dir| without_any(dir, &items, texts(1)));
    refused(
        "excluded",
        |dir| without_any(dir, &items, texts(1)),
        |dir| without_any(dir, &items, texts(2)),
    );
}

#[resumable(name = "sets", state_dir = dir)]
fn sets(dir: &Path, items: Vec<HashSet<u64>>) -> anyhow::Result<()> {
    for _item in items {
        work()?;
    }
    Ok(())
}

#[test]
fn sets_are_items() {
    let list = || (0..4).map(|n| (n..n + 50).collect()).collect::<Vec<_>>();
    goes_on(2, |dir| sets(dir, list()), |dir| sets(dir, list()));
}

#[resumable(name = "kept", state_dir = dir, key = |id| id)]
fn by_ids(dir: &Path, db: Db, ids: &BTreeSet<u32>) -> anyhow::Result<()> {
    for _id in db.customers(ids)? {
        work()?;
    }
    Ok(())
}

#[test]
fn a_list_in_the_head_may_be_the_input() {
    goes_on(3, |dir| by_ids(dir, Db, &(0..5).collect()), |dir| by_ids(dir, Db, &(0..6).collect()));
}

/// A value that serialises to a list whose length is not known at first.
struct Odd(Vec<u32>);

impl serde::Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter(|n| *n % 2 == 1))
    }
}

#[resumable(name = "odd", state_dir = dir)]
fn odd(dir: &Path, items: &[Odd]) -> anyhow::Result<()> {
    for _item in items {
        work()?;
    }
    Ok(())
}

#[test]
fn lists_without_a_length_are_compared() {
    let items = |n: u32| (0..4).map(|at| Odd(vec![at, 2, n])).collect::<Vec<_>>();
    goes_on(2, |dir| odd(dir, &items(3)), |dir| odd(dir, &items(3)));
    let dir = tempfile::tempdir().unwrap();
    within(2, || odd(dir.path(), &items(3))).unwrap_err();
    LEFT.set(9);
    let error = odd(dir.path(), &items(5)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::InputChanged { .. })), "{error}");
}

#[derive(serde::Serialize)]
struct Document {
    path: PathBuf,
}

#[resumable(name = "documents", state_dir = dir)]
fn documents(dir: &Path, items: &[Document]) -> anyhow::Result<()> {
    for _item in items {
        work()?;
    }
    Ok(())
}

#[test]
fn what_fails_to_serialise_is_told_or_known_by_that() {
    let no_text = || PathBuf::from(OsString::from_vec(vec![b'c', 255]));
    let items = |at: usize| {
        let path = |n: usize| if n == at { no_text() } else { n.to_string().into() };
        (0..4).map(|n| Document { path: path(n) }).collect::<Vec<_>>()
    };
    let dir = tempfile::tempdir().unwrap();
    LEFT.set(9);
    let error = documents(dir.path(), &items(0)).unwrap_err();
    let told = matches!(error.downcast_ref(), Some(Error::NotSerializable { .. }));
    assert!(told && error.to_string().contains("check = "), "{error}");
    assert_eq!(LEFT.get(), 9, "no item was begun");
    goes_on(2, |dir| documents(dir, &items(1)), |dir| documents(dir, &items(1)));
    let dir = tempfile::tempdir().unwrap();
    within(2, || documents(dir.path(), &items(1))).unwrap_err();
    LEFT.set(9);
    let error = documents(dir.path(), &items(3)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::InputChanged { index: 1, .. })), "{error}");
}

/// A database that gives rows for a name, and can't be compared itself.
struct Queue(u32);

impl Queue {
    fn take(&self, _: &str) -> std::ops::Range<u32> {
        0..self.0
    }

    fn of(&self, tenant: &str) -> std::ops::Range<u32> {
        self.take(tenant)
    }
}

struct Config {
    tenant: &'static str,
    rows: Vec<u32>,
}

#[resumable(name = "taken", state_dir = dir)]
fn taken(dir: &Path, queue: &Queue, tenant: &str) -> anyhow::Result<()> {
    for _ in queue.take(tenant) {
        work()?;
    }
    Ok(())
}

#[resumable(name = "fields", state_dir = dir)]
fn fields(dir: &Path, queue: &Queue, config: &Config) -> anyhow::Result<()> {
    for _ in queue.of(config.tenant.trim()).zip(&config.rows) {
        work()?;
    }
    Ok(())
}

#[test]
fn a_take_of_anything_and_fields_that_are_asked_for_are_compared() {
    refused("tenant", |dir| taken(dir, &Queue(5), "a"), |dir| taken(dir, &Queue(5), "b"));
    let config = |tenant, rows: u32| Config { tenant, rows: (0..rows).collect() };
    refused(
        "config.tenant",
        |dir| fields(dir, &Queue(5), &config("a", 5)),
        |dir| fields(dir, &Queue(5), &config("b", 5)),
    );
    // A list may be longer in the second call.
    goes_on(
        3,
        |dir| fields(dir, &Queue(5), &config("a", 4)),
        |dir| fields(dir, &Queue(5), &config("a", 5)),
    );
}

/// An argument of which the function knows that it gives a path, and no more.
#[resumable(name = "given", state_dir = dir, carry(seen), fresh(dir, fails))]
fn given(
    dir: &Path,
    from: impl AsRef<Path>,
    by: impl AsRef<str>,
    fails: bool,
) -> anyhow::Result<String> {
    let mut seen = String::new();
    for item in 0..3 {
        anyhow::ensure!(!fails || item < 2, "stopped");
        seen = format!("{seen}{} {} {item},", from.as_ref().display(), by.as_ref());
    }
    Ok(seen)
}

#[test]
fn what_gives_a_path_or_a_text_belongs_to_the_job() {
    let dir = tempfile::tempdir().unwrap();
    given(dir.path(), "a", "x", true).unwrap_err();
    let refused = given(dir.path(), "b", "x", false).unwrap_err().to_string();
    assert!(
        refused.starts_with("`from` of job `given` has changed since the job began"),
        "{refused}"
    );
    let refused = given(dir.path(), "a", "y", false).unwrap_err().to_string();
    assert!(
        refused.starts_with("`by` of job `given` has changed since the job began"),
        "{refused}"
    );
    assert_eq!(given(dir.path(), "a", "x", false).unwrap(), "a x 0,a x 1,a x 2,");
}

/// A list that the loop takes from, long enough for the end to lie behind what is compared of other arguments.
#[resumable(name = "rows", state_dir = dir, carry(rows), durability = "process", fresh(dir))]
fn popped(dir: &Path, mut rows: Vec<u64>) -> anyhow::Result<()> {
    #[resume]
    while let Some(row) = rows.pop() {
        anyhow::ensure!(row < 9, "no such row");
        work()?;
    }
    Ok(())
}

#[resumable(name = "rows", state_dir = dir, carry(queue), durability = "process", fresh(dir))]
fn queued(dir: &Path, rows: &[u64]) -> anyhow::Result<()> {
    let mut queue: VecDeque<u64> = rows.iter().copied().collect();
    #[resume]
    while let Some(row) = queue.pop_front() {
        anyhow::ensure!(row < 9, "no such row");
        work()?;
    }
    Ok(())
}

struct Rows {
    list: Vec<u64>,
}

#[resumable(name = "rows", state_dir = dir, carry(rows.list), durability = "process", fresh(dir))]
fn of_a_field(dir: &Path, mut rows: Rows) -> anyhow::Result<()> {
    #[resume]
    while let Some(row) = rows.list.pop() {
        anyhow::ensure!(row < 9, "no such row");
        work()?;
    }
    Ok(())
}

#[test]
fn a_list_of_which_the_rest_is_carried_belongs_to_the_job() {
    let long = |last: u64| -> Vec<u64> { (0..100_000).map(|it| it % 7).chain([last]).collect() };
    refused("rows", |dir| popped(dir, long(1)), |dir| popped(dir, long(2)));
    refused("rows", |dir| queued(dir, &long(1)), |dir| queued(dir, &long(2)));
    refused("rows", |dir| queued(dir, &[1, 2, 3]), |dir| queued(dir, &[1, 2, 3, 4]));
    let rows = |last| Rows { list: vec![1, 2, 3, last] };
    refused("rows.list", |dir| of_a_field(dir, rows(4)), |dir| of_a_field(dir, rows(5)));
    goes_on(2, |dir| popped(dir, vec![1, 2, 3, 4]), |dir| popped(dir, vec![1, 2, 3, 4]));
    goes_on(1, |dir| queued(dir, &[1, 2, 3]), |dir| queued(dir, &[1, 2, 3]));
    goes_on(2, |dir| of_a_field(dir, rows(4)), |dir| of_a_field(dir, rows(4)));
}
