//! Edits the input at random between two runs, for sources of many kinds. The second run does all of the new input, or
//! is refused, or the edit is one of the replacements that the documentation says are not found.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use fastrand::Rng;
use safe_state::{Error, Job, cursor, resumable};

thread_local! {
    static DONE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// The number of items that are done before the run fails.
    static UNTIL: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Does an item, unless the run is to fail in it.
fn work(item: &str) -> anyhow::Result<()> {
    let is_over = DONE.with_borrow(|done| done.len() >= UNTIL.get());
    anyhow::ensure!(!is_over, "interrupted");
    DONE.with_borrow_mut(|done| done.push(item.to_owned()));
    Ok(())
}

/// A row of an input, with an id that is its place in the input as long as no edit swaps it.
type Row = (u64, String);

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir))]
fn slice(dir: &Path, rows: &[Row]) -> anyhow::Result<()> {
    for (_, text) in rows {
        work(text)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir))]
fn owned(dir: &Path, rows: Vec<Row>) -> anyhow::Result<()> {
    for (_, text) in rows {
        work(&text)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir))]
fn ordered(dir: &Path, rows: &BTreeMap<u64, String>) -> anyhow::Result<()> {
    for text in rows.values() {
        work(text)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir))]
fn lines(dir: &Path) -> anyhow::Result<()> {
    for (_, line) in BufReader::new(fs::File::open(dir.join("lines"))?).lines().enumerate() {
        work(&line?)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir), check = |row| &row.1)]
fn checked(dir: &Path, rows: &[Row]) -> anyhow::Result<()> {
    for row in rows {
        work(&row.1)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir), key = |row| row.0)]
fn keyed(dir: &Path, rows: &HashMap<u64, String>) -> anyhow::Result<()> {
    for row in rows {
        work(row.1)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir), key = |entry| entry.as_ref().ok().map(fs::DirEntry::path))]
fn folder(dir: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir.join("folder"))? {
        work(&entry?.file_name().to_string_lossy())?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir), cursor = |row| row.0)]
fn sought(dir: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let after: Option<u64> = cursor!();
    for row in rows.iter().filter(|row| after.is_none_or(|after| row.0 > after)) {
        work(&row.1)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir))]
fn indexed(dir: &Path, rows: &[Row]) -> anyhow::Result<()> {
    for at in 0..rows.len() {
        work(&rows[at].1)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir))]
fn counted(dir: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let count = u32::try_from(rows.len())?;
    for at in 0..count {
        work(&rows[at as usize].1)?;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir), carry(at))]
fn counted_on(dir: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let mut at = 0;
    #[resume]
    while at < rows.len() {
        work(&rows[at].1)?;
        at += 1;
    }
    Ok(())
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir), carry(at))]
fn got(dir: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let mut at = 0;
    #[resume]
    while let Some((_, text)) = rows.get(at) {
        work(text)?;
        at += 1;
    }
    Ok(())
}

fn first(rows: &RefCell<VecDeque<Row>>) -> Option<Row> {
    rows.borrow().front().cloned()
}

#[resumable(name = "edits", state_dir = dir, durability = "process", fresh(dir))]
fn queue(dir: &Path, rows: &RefCell<VecDeque<Row>>) -> anyhow::Result<()> {
    #[resume(consumed)]
    while let Some(row) = first(rows) {
        work(&row.1)?;
        rows.borrow_mut().pop_front();
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Slice,
    Owned,
    Ordered,
    Lines,
    Checked,
    Keyed,
    Folder,
    Sought,
    Queue,
    Indexed,
    Counted,
    CountedOn,
    Got,
}

impl Kind {
    const ALL: [Kind; 13] = [
        Kind::Slice,
        Kind::Owned,
        Kind::Ordered,
        Kind::Lines,
        Kind::Checked,
        Kind::Keyed,
        Kind::Folder,
        Kind::Sought,
        Kind::Queue,
        Kind::Indexed,
        Kind::Counted,
        Kind::CountedOn,
        Kind::Got,
    ];

    /// Returns whether the items of this source are known by their index.
    fn is_by_index(self) -> bool {
        self.is_by_carried_index()
            || matches!(
                self,
                Kind::Slice
                    | Kind::Owned
                    | Kind::Ordered
                    | Kind::Lines
                    | Kind::Checked
                    | Kind::Indexed
                    | Kind::Counted
            )
    }

    /// Returns whether the loop goes by an index that it carries, so that few rows before the index are compared.
    fn is_by_carried_index(self) -> bool {
        matches!(self, Kind::CountedOn | Kind::Got)
    }

    fn run(self, dir: &Path, rows: &[Row]) -> anyhow::Result<()> {
        match self {
            Kind::Slice => slice(dir, rows),
            Kind::Owned => owned(dir, rows.to_vec()),
            Kind::Ordered => ordered(
                dir,
                &rows.iter().cloned().enumerate().map(|(at, row)| (at as u64, row.1)).collect(),
            ),
            Kind::Lines => {
                let text: String = rows.iter().flat_map(|row| [row.1.as_str(), "\n"]).collect();
                fs::write(dir.join("lines"), text)?;
                lines(dir)
            }
            Kind::Checked => checked(dir, rows),
            Kind::Keyed => keyed(dir, &rows.iter().cloned().collect()),
            Kind::Folder => {
                let folder_of = dir.join("folder");
                let _ = fs::remove_dir_all(&folder_of);
                fs::create_dir(&folder_of)?;
                rows.iter().try_for_each(|row| fs::write(folder_of.join(&row.1), ""))?;
                folder(dir)
            }
            Kind::Sought => sought(dir, rows),
            Kind::Indexed => indexed(dir, rows),
            Kind::Counted => counted(dir, rows),
            Kind::CountedOn => counted_on(dir, rows),
            Kind::Got => got(dir, rows),
            Kind::Queue => {
                let done: HashSet<String> = DONE.with_borrow(|done| done.iter().cloned().collect());
                let left = rows.iter().filter(|row| !done.contains(&row.1)).cloned().collect();
                queue(dir, &RefCell::new(left))
            }
        }
    }
}

/// Makes one random edit of the rows.
fn edit(random: &mut Rng, rows: &mut Vec<Row>, next: &mut u64, kind: Kind) {
    let at = random.usize(..rows.len());
    let mut new = || {
        *next += 1;
        (*next, format!("new-{next}"))
    };
    // The order and the ids of a source that is sought by id are the source's own, so they are never edited.
    let choices = if kind == Kind::Sought { 2 } else { 5 };
    match random.usize(..choices) {
        0 => _ = rows.remove(at),
        1 => rows.push(new()),
        2 => rows.insert(at, new()),
        3 => rows[at] = new(),
        _ => {
            let other = random.usize(..rows.len());
            rows.swap(at, other);
        }
    }
}

enum Came {
    Right,
    Refused,
    /// The number of items that were never done.
    Lost(usize),
}

/// Runs a job that fails, edits its input `edits` times, runs it again, and returns what came of that.
fn trial(random: &mut Rng, kind: Kind, count: usize, edits: usize) -> Came {
    let dir = tempfile::tempdir().unwrap();
    let mut rows: Vec<Row> = (0..count as u64).map(|id| (id, format!("row-{id}"))).collect();
    DONE.take();
    UNTIL.set(random.usize(1..count));
    kind.run(dir.path(), &rows).unwrap_err();
    let mut next = 1_000_000;
    (0..edits).for_each(|_| edit(random, &mut rows, &mut next, kind));
    UNTIL.set(usize::MAX);
    match kind.run(dir.path(), &rows) {
        Ok(()) => {
            let done: BTreeSet<String> = DONE.take().into_iter().collect();
            match rows.iter().filter(|row| !done.contains(&row.1)).count() {
                0 => Came::Right,
                lost => Came::Lost(lost),
            }
        }
        Err(error) => {
            let cause = error.downcast_ref::<Error>();
            let is_refused =
                matches!(cause, Some(Error::InputChanged { .. } | Error::InputShrank { .. }));
            assert!(is_refused, "{kind:?}: {error:#}");
            assert!(Job::new("edits").state_dir(dir.path()).peek_checkpoint().unwrap().is_some());
            Came::Refused
        }
    }
}

#[test]
fn few_items_are_done_or_refused_whatever_was_edited() {
    let mut random = Rng::with_seed(14);
    for kind in Kind::ALL {
        let mut refused = 0;
        for _ in 0..60 {
            let (count, edits) = (random.usize(3..60), random.usize(1..4));
            match trial(&mut random, kind, count, edits) {
                Came::Right => {}
                Came::Refused => refused += 1,
                Came::Lost(lost) if kind.is_by_carried_index() && lost <= edits => {}
                Came::Lost(lost) => panic!("{kind:?}: {lost} of {count} items are lost"),
            }
        }
        assert_eq!(refused > 0, kind.is_by_index(), "{kind:?}: {refused} are refused");
    }
}

#[test]
fn replaced_items_of_many_are_found_with_the_documented_odds() {
    const COUNT: usize = 300;
    let mut random = Rng::with_seed(41);
    for kind in Kind::ALL {
        let (mut lost, mut refused) = (0, 0);
        for _ in 0..30 {
            match trial(&mut random, kind, COUNT, 1) {
                Came::Right => {}
                Came::Refused => refused += 1,
                Came::Lost(1) if kind.is_by_index() => lost += 1,
                Came::Lost(more) => panic!("{kind:?}: {more} items are lost by one edit"),
            }
        }
        // One edit in five replaces an item. Half of the replaced items are complete, and a tenth of those are found.
        assert!(lost <= 9, "{kind:?}: {lost} are lost, {refused} refused");
        assert_eq!(refused > 0, kind.is_by_index(), "{kind:?}");
    }
}

/// Replaces one complete item in `count`, and returns in how many of `trials` a resumed run of `kind` finds it.
fn found(random: &mut Rng, kind: Kind, count: usize, trials: usize) -> usize {
    let is_found = |random: &mut Rng| {
        let dir = tempfile::tempdir().unwrap();
        let mut rows: Vec<Row> = (0..=count as u64).map(|id| (id, format!("row-{id}"))).collect();
        DONE.take();
        UNTIL.set(count);
        kind.run(dir.path(), &rows).unwrap_err();
        "another".clone_into(&mut rows[random.usize(..count)].1);
        UNTIL.set(usize::MAX);
        kind.run(dir.path(), &rows).is_err()
    };
    (0..trials).filter(|_| is_found(random)).count()
}

#[test]
fn one_replaced_item_is_found_where_it_is_a_sample() {
    let mut random = Rng::with_seed(5);
    for kind in [Kind::Slice, Kind::Indexed, Kind::Counted] {
        assert_eq!(found(&mut random, kind, 64, 20), 20, "{kind:?}");
    }
    // 33 to 65 of the 260 items are samples, which makes 19 to 38 of the 150 trials.
    let found_of_many = found(&mut random, Kind::Slice, 260, 150);
    assert!((10..=50).contains(&found_of_many), "{found_of_many}");
    for kind in [Kind::CountedOn, Kind::Got] {
        assert_eq!(found(&mut random, kind, 8, 10), 10, "{kind:?}");
        // 8 of the 40 rows are samples, which makes 12 of the 60 trials.
        let found = found(&mut random, kind, 40, 60);
        assert!((3..=25).contains(&found), "{kind:?} {found}");
    }
}
