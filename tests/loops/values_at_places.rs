//! Tests what a carried variable is before, between and behind loops in a resumed run, besides what `shapes` tests.

use std::cell::Cell;
use std::collections::VecDeque;
use std::path::Path;

use safe_state::{Error, Job, Results, resumable};

#[resumable(name = "grown", state_dir = dir, carry(total), save_every = every, durability = "process", fresh(fail_at, every))]
fn grown(
    dir: &Path,
    items: &[u64],
    every: u64,
    total: &mut u64,
    fail_at: Option<u64>,
) -> anyhow::Result<u64> {
    let before = *total;
    for item in items {
        anyhow::ensure!(fail_at != Some(*item), "failed at {item}");
        *total += item;
    }
    Ok(*total - before)
}

#[test]
fn an_argument_is_what_it_was_at_the_first_call() {
    for every in [1, 2, 100] {
        let dir = tempfile::tempdir().unwrap();
        let mut total = 100;
        grown(dir.path(), &[1, 2, 3, 4], every, &mut total, Some(3)).unwrap_err();
        assert_eq!(grown(dir.path(), &[1, 2, 3, 4], every, &mut total, None).unwrap(), 10);
        assert_eq!(total, 110, "{every}");
    }
}

#[resumable(name = "marked", state_dir = dir, carry(begun), durability = "process", fresh(fail))]
fn marked(dir: &Path, clock: &Cell<u64>, fail: bool) -> anyhow::Result<Vec<u64>> {
    let begun = clock.replace(clock.get() + 1);
    let mut seen = Vec::new();
    #[resume]
    for item in 0..3u64 {
        anyhow::ensure!(!fail || item < 2, "failed");
        println!("{item}");
    }
    seen.push(begun);
    Ok(seen)
}

#[test]
fn what_no_loop_changes_keeps_its_first_value() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Cell::new(7);
    marked(dir.path(), &clock, true).unwrap_err();
    let checkpoint = marked::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.carried("begun"), Ok(Some(7u64)));
    assert!(checkpoint.to_string().contains("carries    begun"), "{checkpoint}");
    assert_eq!(marked(dir.path(), &clock, false).unwrap(), [7]);
}

#[resumable(name = "queue", state_dir = dir, max_attempts = 2, carry(queue, done), durability = "process")]
fn queue(dir: &Path, failures: &Cell<u32>) -> anyhow::Result<Vec<u32>> {
    let mut queue = VecDeque::from([1u32, 2, 3]);
    let mut done = Vec::new();
    #[resume]
    while let Some(next) = queue.pop_front() {
        done.push(next);
        if next == 1 {
            queue.push_back(4);
        }
        if next == 2 && failures.get() > 0 {
            failures.set(failures.get() - 1);
            anyhow::bail!("failed at {next}");
        }
    }
    Ok(done)
}

#[test]
fn an_item_that_fails_is_taken_again() {
    for failures in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let failures = Cell::new(failures);
        let mut runs = 0;
        let done = loop {
            runs += 1;
            match queue(dir.path(), &failures) {
                Ok(done) => break done,
                Err(_) => assert!(runs < 9),
            }
        };
        assert_eq!(done, [1, 2, 3, 4], "in {runs} runs");
    }
}

#[resumable(name = "phases", state_dir = dir, carry(rows), durability = "process", fresh(fail_at))]
fn phases(dir: &Path, fail_at: Option<u32>) -> anyhow::Result<(Vec<u32>, u32)> {
    let mut rows = Results::new();
    #[resume]
    for item in 0..4 {
        anyhow::ensure!(fail_at != Some(item), "failed at {item}");
        rows.push(item);
    }
    let found = u32::try_from(rows.len())?;
    #[resume]
    for item in 4..4 + found {
        anyhow::ensure!(fail_at != Some(item), "failed at {item}");
        rows.push(item * 10);
    }
    Ok((rows.into(), found))
}

#[test]
fn results_are_at_the_end_of_a_loop_what_they_were() {
    let expected = phases(tempfile::tempdir().unwrap().path(), None).unwrap();
    assert_eq!(expected.1, 4);
    for fail_at in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        phases(dir.path(), Some(fail_at)).unwrap_err();
        phases(dir.path(), Some(7.max(fail_at))).unwrap_err();
        assert_eq!(phases(dir.path(), None).unwrap(), expected, "{fail_at}");
    }
}

/// Runs ten phases that push rows to one list. The length of the list is read behind each.
#[resumable(name = "ten", state_dir = dir, carry(rows), save_every = 50, durability = "process", fresh(fail_at))]
fn ten(dir: &Path, each: u64, fail_at: Option<u64>) -> anyhow::Result<(Vec<usize>, Vec<String>)> {
    let mut rows: Results<String> = Results::new();
    let mut lens = Vec::new();
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(0), "failed in phase 0");
        rows.push(format!("{item} of phase 0"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(1), "failed in phase 1");
        rows.push(format!("{item} of phase 1"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(2), "failed in phase 2");
        rows.push(format!("{item} of phase 2"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(3), "failed in phase 3");
        rows.push(format!("{item} of phase 3"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(4), "failed in phase 4");
        rows.push(format!("{item} of phase 4"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(5), "failed in phase 5");
        rows.push(format!("{item} of phase 5"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(6), "failed in phase 6");
        rows.push(format!("{item} of phase 6"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(7), "failed in phase 7");
        rows.push(format!("{item} of phase 7"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(8), "failed in phase 8");
        rows.push(format!("{item} of phase 8"));
    }
    lens.push(rows.len());
    #[resume]
    for item in 0..each {
        anyhow::ensure!(fail_at != Some(9), "failed in phase 9");
        rows.push(format!("{item} of phase 9"));
    }
    lens.push(rows.len());
    Ok((lens, rows.into()))
}

#[test]
fn a_list_that_is_read_behind_each_of_ten_loops_is_stored_once() {
    let expected = ten(tempfile::tempdir().unwrap().path(), 520, None).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for fail_at in 1..10 {
        ten(dir.path(), 520, Some(fail_at)).unwrap_err();
    }
    let checkpoint = ten::peek_checkpoint(dir.path()).unwrap().unwrap();
    let rows: Vec<String> = checkpoint.carried("rows").unwrap().unwrap();
    let bytes: usize = rows.iter().map(|row| row.len() + 1).sum();
    let stored = checkpoint.encode().unwrap().len();
    assert!(rows.len() == 9 * 520 && stored < bytes + bytes / 5, "{stored} for {bytes} bytes");
    assert_eq!(ten(dir.path(), 520, None).unwrap(), expected);
}

/// Reads a list behind two loops, and then puts another one in its place.
#[resumable(name = "replaced", state_dir = dir, carry(rows), save_every = every, durability = "process", fresh(fail_at, every))]
fn replaced(dir: &Path, every: u64, fail_at: Option<u64>) -> anyhow::Result<(u64, u64, Vec<u64>)> {
    let mut rows: Results<u64> = Results::new();
    #[resume]
    for item in 0..3u64 {
        anyhow::ensure!(fail_at != Some(item), "failed at {item}");
        rows.push(item);
    }
    let first = rows.iter().sum();
    #[resume]
    for item in 3..6u64 {
        anyhow::ensure!(fail_at != Some(item), "failed at {item}");
        rows.push(item);
    }
    let second = rows.iter().sum();
    rows = Results::new();
    #[resume]
    for item in 6..9u64 {
        anyhow::ensure!(fail_at != Some(item), "failed at {item}");
        rows.push(item);
    }
    Ok((first, second, rows.into()))
}

#[test]
fn a_list_at_the_end_of_a_loop_outlives_the_list_that_it_was() {
    for (every, fail_at) in (1..5).flat_map(|every| (0..9).map(move |item| (every, item))) {
        let dir = tempfile::tempdir().unwrap();
        replaced(dir.path(), every, Some(fail_at)).unwrap_err();
        replaced(dir.path(), every, Some(8.max(fail_at))).unwrap_err();
        let found = replaced(dir.path(), every, None).unwrap();
        assert_eq!(found, (3, 15, vec![6, 7, 8]), "{every}, {fail_at}");
    }
}

/// Stands for an earlier version of `read`, which did not read the variable before its loop.
#[resumable(name = "changed", state_dir = dir, carry(sum), on_code_change = "continue", durability = "process")]
fn unread(dir: &Path) -> anyhow::Result<u64> {
    let mut sum = 5;
    for item in 0..4u64 {
        anyhow::ensure!(item < 2, "failed");
        sum += item;
    }
    Ok(sum)
}

#[resumable(name = "changed", state_dir = dir, carry(sum), on_code_change = "continue", durability = "process")]
fn read(dir: &Path) -> anyhow::Result<u64> {
    let mut sum = 5;
    let before = sum;
    for item in 0..4u64 {
        sum += item;
    }
    Ok(sum - before)
}

#[test]
fn what_was_not_kept_is_told() {
    let dir = tempfile::tempdir().unwrap();
    unread(dir.path()).unwrap_err();
    let error = read(dir.path()).unwrap_err();
    let error = error.downcast::<Error>().unwrap();
    assert!(matches!(&error, Error::NotKept { name, .. } if name == "sum"), "{error}");
    assert!(error.to_string().contains("`sum` at its declaration"), "{error}");
    // The refusal loses nothing.
    let checkpoint = Job::new("changed").state_dir(dir.path()).peek_checkpoint().unwrap().unwrap();
    assert_eq!((checkpoint.completed().len(), checkpoint.carried("sum")), (2, Ok(Some(6u64))));
}
