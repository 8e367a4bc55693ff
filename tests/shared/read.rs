//! Tests programs as users write them, which count on what is in a variable.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::thread;

use anyhow::Result;
use safe_state::{Results, resumable, step};

use crate::World;

#[resumable(
    name = "normalised", shared, slices = 4, backend = world.backend(),
    carry(total, merge = |a, b| a + b, seen, shares)
)]
fn normalised(world: &World, items: &[u64]) -> Result<(u64, Vec<u64>)> {
    let mut total = 0;
    let mut seen = HashSet::new();
    let mut shares = Results::new();
    #[resume]
    for item in items {
        world.act(*item)?;
        total += item;
        seen.insert(*item);
    }
    #[resume]
    for item in items {
        anyhow::ensure!(seen.contains(item), "{item} of {} was not seen", seen.len());
        shares.push(100 * item / total);
    }
    Ok((total, shares.into()))
}

#[test]
fn a_loop_that_only_reads_a_variable_sees_what_all_slices_made_of_it() {
    let world = World::default();
    let items: Vec<u64> = (1..=10).collect();
    let shares = items.iter().map(|item| 100 * item / 55).collect::<Vec<_>>();
    for _ in 0..2 {
        assert_eq!(normalised(&world, &items).unwrap(), (55, shares.clone()));
    }
}

#[resumable(
    name = "on-threads", shared, slices = 4, backend = world.backend(), carry(total, merge = |a, b| a + b)
)]
fn on_threads(world: &World, items: &[u64]) -> Result<u64> {
    let mut total = 0;
    #[resume]
    for item in items {
        total += item;
    }
    #[resume(threads = 3)]
    for item in items {
        world.act(100 * item / total)?;
    }
    Ok(total)
}

#[test]
fn bodies_side_by_side_see_it_as_well() {
    let world = World::default();
    assert_eq!(on_threads(&world, &[1, 2, 3, 4]).unwrap(), 10);
    assert_eq!(world.done(), [10, 20, 30, 40]);
}

/// A type whose method changes it, by a name that tells nothing.
#[derive(Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
struct Stats {
    count: u64,
    sum: u64,
}

impl Stats {
    fn record(&mut self, item: u64) {
        self.count += 1;
        self.sum += item;
    }

    fn merged(self, other: Self) -> Self {
        Stats { count: self.count + other.count, sum: self.sum + other.sum }
    }
}

#[resumable(name = "stats", shared, slices = 4, backend = world.backend(), carry(stats, merge = Stats::merged))]
fn stats(world: &World, items: &[u64]) -> Result<(u64, u64)> {
    let mut stats = Stats::default();
    for item in items {
        world.act(*item)?;
        stats.record(*item);
    }
    Ok((stats.count, stats.sum))
}

#[test]
fn a_method_of_any_name_may_change_what_is_merged() {
    let world = World::default();
    assert_eq!(stats(&world, &[1, 2, 3, 4, 5]).unwrap(), (5, 15));
}

#[resumable(
    name = "words", shared, slices = 4, backend = world.backend(),
    carry(counts, merge = |mut a: BTreeMap<String, u64>, b: BTreeMap<String, u64>| {
        for (word, count) in b {
            *a.entry(word).or_default() += count;
        }
        a
    })
)]
fn words(world: &World, texts: &[&str]) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for text in texts {
        world.act(text.len() as u64)?;
        for word in text.split(' ') {
            *counts.entry(word.to_owned()).or_insert(0) += 1;
        }
    }
    Ok(counts)
}

#[test]
fn words_are_counted_over_all_slices() {
    let world = World::default();
    let counts = words(&world, &["a b", "b c", "a b c", "a", "b"]).unwrap();
    let expected = [("a", 3), ("b", 4), ("c", 2)].map(|(word, count)| (word.to_owned(), count));
    assert_eq!(counts, BTreeMap::from(expected));
}

macro_rules! done {
    ($value:expr) => {
        return Ok($value)
    };
}

#[resumable(name = "hidden", shared, slices = 4, backend = world.backend(), carry(total, merge = |a, b| a + b))]
fn hidden(world: &World, items: &[u64]) -> Result<u64> {
    let mut total = 0;
    for item in items {
        world.act(*item)?;
        if *item == 3 {
            done!(7);
        }
        total += item;
    }
    Ok(total)
}

#[test]
fn a_return_that_a_macro_hides_is_no_result() {
    let world = World::default();
    let items: Vec<u64> = (1..=8).collect();
    for _ in 0..2 {
        let error = hidden(&world, &items).unwrap_err().to_string();
        assert!(error.contains("returned in the middle of a slice"), "{error}");
    }
    assert!(!world.job("hidden").peek_checkpoint().unwrap().unwrap().is_finished());
}

#[resumable(
    name = "orders", shared, slices = 5, backend = world.backend(), carry(all), fresh(world)
)]
fn orders(world: &World, items: &[u64]) -> Result<Vec<(usize, u64, u64)>> {
    let mut all = Results::new();
    for (at, (item, other)) in
        items.iter().rev().skip(1).step_by(2).zip(items.chunks(2)).enumerate()
    {
        world.act(*item)?;
        all.push((at, *item, other.iter().sum()));
    }
    Ok(all.into())
}

#[test]
fn an_input_of_adaptors_is_cut_as_it_stands() {
    let world = World::default();
    let items: Vec<u64> = (0..31).collect();
    let plain = items.iter().rev().skip(1).step_by(2).zip(items.chunks(2)).enumerate();
    let plain: Vec<(usize, u64, u64)> =
        plain.map(|(at, (item, other))| (at, *item, other.iter().sum())).collect();
    assert_eq!(orders(&world, &items).unwrap(), plain);
    assert_eq!(orders(&world, &items).unwrap(), plain);
}

struct Report {
    total: u64,
    names: HashMap<u64, String>,
}

impl Report {
    #[resumable(
        name = "method", shared, slices = 3, backend = world.backend(),
        carry(self.total, merge = |a, b| a + b, self.names)
    )]
    fn fill(&mut self, world: &World, items: &[u64]) -> Result<u64> {
        let base: u64 = step!("base", {
            world.act(99)?;
            100
        });
        for item in items {
            world.act(*item)?;
            self.total += item;
            self.names.insert(*item, format!("name {item}"));
        }
        Ok(self.total + base)
    }
}

#[test]
fn fields_of_self_are_merged() {
    let world = World::default();
    let report = || Report { total: 1000, names: HashMap::new() };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut report = report();
                    let total = report.fill(&world, &[1, 2, 3, 4, 5, 6]).unwrap();
                    (total, report.total, report.names.len())
                })
            })
            .collect();
        for worker in workers {
            assert_eq!(worker.join().unwrap(), (1121, 1021, 6));
        }
    });
    let mut done = world.done();
    done.pop();
    assert_eq!(done, [1, 2, 3, 4, 5, 6]);
}

#[resumable(name = "early", shared, slices = 3, backend = world.backend(), carry(total, merge = |a, b| a + b))]
fn early(world: &World, items: &[u64]) -> Result<u64> {
    let mut total = 0;
    #[resume]
    for item in items {
        world.act(*item)?;
        total += item;
    }
    if total > 10 {
        return Ok(total);
    }
    #[resume]
    for item in items {
        world.act(*item)?;
        total += 100 * item;
    }
    Ok(total)
}

#[test]
fn a_return_between_two_loops_is_every_workers() {
    for (items, expected) in [(vec![5, 6], 11), (vec![1, 2], 303)] {
        let world = World::default();
        for _ in 0..2 {
            assert_eq!(early(&world, &items).unwrap(), expected);
        }
        let checkpoint = world.job("early").peek_checkpoint().unwrap().unwrap();
        assert!(checkpoint.is_finished());
    }
}

#[resumable(name = "again", shared, slices = 3, backend = world.backend(), carry(total, merge = |a, b| a + b))]
fn changed_between(world: &World, items: &[u64]) -> Result<u64> {
    let mut total = 5;
    #[resume]
    for item in items {
        world.act(*item)?;
        total += item;
    }
    total *= 10;
    let before = total;
    #[resume]
    for item in items {
        world.act(*item + before)?;
        total += item;
    }
    Ok(total)
}

#[test]
fn what_is_changed_between_two_loops_counts_once() {
    let world = World::default();
    for _ in 0..2 {
        assert_eq!(changed_between(&world, &[1, 2, 3]).unwrap(), 116);
    }
    assert_eq!(world.done(), [1, 2, 3, 111, 112, 113]);
}
