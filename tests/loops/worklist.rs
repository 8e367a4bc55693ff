//! Tests loops that take their items from a carried `Worklist`, and add to it.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;
use safe_state::testing::survives;
use safe_state::{Backend, Worklist, resumable};
use safe_state_backends::{Appended, Error};

/// Returns the pages that a page of a small site links to.
fn links(page: u32) -> Vec<u32> {
    [3 * page + 1, 3 * page + 2, page / 2].into_iter().filter(|to| *to < 40).collect()
}

#[resumable(carry(queue, seen, order))]
fn crawl(start: u32) -> anyhow::Result<(Vec<u32>, usize)> {
    let mut queue = Worklist::from([start]);
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    #[resume]
    while let Some(page) = queue.pop_front() {
        if !seen.insert(page) {
            continue;
        }
        order.push(page);
        queue.extend(links(page));
    }
    Ok((order, queue.len()))
}

#[test]
fn a_queue_is_gone_through_once_whatever_the_crash() {
    let mut pages = 0;
    survives(|_| {
        let (order, left) = crawl(0).unwrap();
        pages = order.len();
        (order, left)
    });
    assert_eq!(pages, 33);
}

/// Goes through numbers by depth, and puts some in front of the list.
#[resumable(carry(stack, done))]
fn depth_first(root: u32) -> anyhow::Result<Vec<u32>> {
    let mut stack: Worklist<u32> = std::iter::once(root).collect();
    let mut done = Vec::new();
    #[resume]
    while let Some(node) = stack.pop_back() {
        done.push(node);
        if node < 20 {
            stack.push_back(2 * node + 2);
            stack.push_front(2 * node + 1);
        }
        if node == 8 {
            stack.clear();
            stack.extend([5, 100]);
        }
        anyhow::ensure!(done.len() < 200, "it has no end: {done:?}");
    }
    Ok(done)
}

#[test]
fn a_stack_is_gone_through_once_whatever_the_crash() {
    survives(|_| depth_first(0).unwrap());
}

/// Reads the list between two loops, in both of which it changes.
#[resumable(carry(queue, sum))]
fn in_two_phases(start: &[u64]) -> anyhow::Result<(u64, usize, u64, Vec<u64>)> {
    let mut queue: Worklist<u64> = start.iter().copied().collect();
    let mut sum = 0;
    let at_first = queue.iter().sum();
    #[resume]
    for number in start {
        queue.pop_back();
        queue.push_front(number * 10);
        queue.push_back(*number);
    }
    let between = queue.len();
    #[resume]
    while let Some(number) = queue.pop_front() {
        sum += number;
        if number == 30 {
            queue.push_back(7);
        }
    }
    queue.push_back(9);
    Ok((at_first, between, sum, queue.into()))
}

#[test]
fn a_worklist_is_at_every_place_what_it_was_there() {
    survives(|_| in_two_phases(&[1, 2, 3]).unwrap());
}

#[resumable(name = "tried", state_dir = dir, durability = "process", max_attempts = 2, carry(queue, done))]
fn tried(dir: &Path, failures: &Cell<u32>) -> anyhow::Result<Vec<u32>> {
    let mut queue = Worklist::from([1u32, 2, 3]);
    let mut done = Vec::new();
    #[resume]
    while let Some(next) = queue.pop_front() {
        queue.push_front(50 + next);
        queue.push_back(10 + next);
        queue.pop_front();
        if next == 2 && failures.get() > 0 {
            failures.set(failures.get() - 1);
            queue.clear();
            anyhow::bail!("failed at {next}");
        }
        done.push(next);
        if next > 9 {
            queue.pop_back();
        }
    }
    Ok(done)
}

#[test]
fn an_attempt_that_fails_leaves_the_worklist_as_it_was() {
    let expected = tried(tempfile::tempdir().unwrap().path(), &Cell::new(0)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(tried(dir.path(), &Cell::new(1)).unwrap(), expected);
}

/// A backend in memory that counts the bytes of records.
#[derive(Debug, Default)]
struct Counting {
    stored: Mutex<Option<Vec<u8>>>,
    appended: Arc<AtomicUsize>,
}

impl Backend for Counting {
    fn load(&self, _: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.stored.lock().unwrap().clone())
    }

    fn save(&self, _: &str, checkpoint: &[u8]) -> Result<(), Error> {
        *self.stored.lock().unwrap() = Some(checkpoint.to_vec());
        Ok(())
    }

    fn append(&self, _: &str, record: &[u8]) -> Result<Appended, Error> {
        self.appended.fetch_add(record.len(), Ordering::Relaxed);
        self.stored.lock().unwrap().as_mut().unwrap().extend_from_slice(record);
        Ok(Appended::Yes)
    }

    fn delete(&self, _: &str) -> Result<(), Error> {
        *self.stored.lock().unwrap() = None;
        Ok(())
    }

    fn exists(&self, _: &str) -> Result<bool, Error> {
        Ok(self.stored.lock().unwrap().is_some())
    }
}

#[resumable(name = "counted", backend = backend, carry(queue, done))]
fn counted(backend: Arc<dyn Backend>, waiting: u64, items: u64) -> anyhow::Result<u64> {
    let mut queue: Worklist<u64> = (0..waiting).collect();
    let mut done = 0;
    #[resume]
    for _ in 0..items {
        done += queue.pop_front().map_or(0, |_| 1);
        queue.push_back(300);
    }
    Ok(done)
}

#[test]
fn a_save_is_as_large_as_what_was_pushed_and_popped() {
    let bytes = |waiting| {
        let backend = Counting::default();
        let count = Arc::clone(&backend.appended);
        counted(Arc::new(backend), waiting, 20).unwrap();
        count.load(Ordering::Relaxed)
    };
    // In both runs, no save is a snapshot.
    let (few, many) = (bytes(1_000), bytes(100_000));
    // Each record has the time since the one before, in one to three bytes.
    assert!(many.abs_diff(few) <= 2 * 20, "{few} and {many}");
    assert!(few < 20 * 150, "{few} bytes in 20 saves");
}

#[test]
fn what_waits_can_be_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    interrupted(dir.path()).unwrap_err();
    let checkpoint = interrupted::peek_checkpoint(dir.path()).unwrap().unwrap();
    assert_eq!(checkpoint.carried::<Vec<u32>>("queue").unwrap(), Some(vec![2, 3, 7]));
    assert_eq!(checkpoint.carried("queue").unwrap(), Some(Worklist::from([2u32, 3, 7])));
}

#[resumable(name = "interrupted", state_dir = dir, carry(queue))]
fn interrupted(dir: &Path) -> anyhow::Result<()> {
    let mut queue = Worklist::from([1u32, 2, 3]);
    #[resume]
    while let Some(next) = queue.pop_front() {
        anyhow::ensure!(next == 1, "failed at {next}");
        queue.push_back(7);
    }
    Ok(())
}

/// Goes through what threads have made, which `collect` puts in the order of the items.
#[resumable(carry(rows, order))]
fn gathered(numbers: &[u64]) -> Vec<u64> {
    let mut rows: VecDeque<u64> =
        numbers.par_iter().map(|number| 2 * number).collect::<Vec<_>>().into();
    let mut order = Vec::new();
    #[resume]
    while let Some(row) = rows.pop_front() {
        order.push(row);
    }
    order
}

#[test]
fn what_threads_have_gathered_is_gone_through_in_order() {
    let numbers: Vec<u64> = (0..6).collect();
    survives(|_| gathered(&numbers));
    assert_eq!(gathered(&numbers), [0, 2, 4, 6, 8, 10]);
}
