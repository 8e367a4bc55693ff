//! Tests loops of all kinds.

use std::collections::{BTreeMap, HashSet};
use std::thread;

use anyhow::Result;
use safe_state::testing::fail_at;
use safe_state::{Results, resumable};

use crate::World;

#[resumable(name = "sets", shared, slices = 5, backend = world.backend(), carry(set, map, longest, merge = |a: u64, b| a.max(b), from = 3))]
fn sets(world: &World) -> Result<(HashSet<u64>, BTreeMap<u64, u64>, u64)> {
    let mut set = HashSet::from([100]);
    let mut map = BTreeMap::new();
    let mut longest = 0;
    for item in 0..20_u64 {
        world.act(item)?;
        set.insert(item % 7);
        map.insert(item / 2, item);
        longest = longest.max(item % 2);
    }
    Ok((set, map, longest))
}

#[test]
fn sets_and_maps_are_put_together_in_the_order_of_the_input() {
    let world = World::default();
    let (set, map, longest) = sets(&world).unwrap();
    assert_eq!(set, HashSet::from([100, 0, 1, 2, 3, 4, 5, 6]));
    assert_eq!(map, (0..10).map(|key| (key, 2 * key + 1)).collect());
    assert_eq!(longest, 3);
    assert_eq!(sets(&world).unwrap().1.len(), 10);
}

#[resumable(name = "large", shared, slices = 16, backend = world.backend(), carry(texts))]
fn large(world: &World) -> Result<Vec<String>> {
    let mut texts = Results::new();
    for item in 0..32_u64 {
        world.act(item)?;
        texts.push(item.to_string().repeat(50_000));
    }
    Ok(texts.into())
}

#[test]
fn what_is_large_does_not_go_through_the_head() {
    let world = World::default();
    let expected: Vec<String> = (0..32).map(|item: u64| item.to_string().repeat(50_000)).collect();
    assert!(large(&world).unwrap() == expected);
    let head = safe_state::Backend::load(&*world.backend, "large").unwrap().unwrap();
    assert!(head.len() < 100_000, "{}", head.len());
    world.done();
    assert!(large(&world).unwrap() == expected);
    assert_eq!(world.done(), [0; 0]);
    world.job("large").clear_checkpoint().unwrap();
    assert!(large(&world).unwrap() == expected);
    assert_eq!(world.done().len(), 32);
}

#[resumable(name = "inner", shared, slices = 3, backend = world.backend(), carry(sum, merge = |a, b| a + b))]
fn inner(world: &World) -> Result<u64> {
    let mut sum = 0;
    #[resume]
    for row in 0..6_u64 {
        #[resume]
        for column in 0..10 {
            world.act(10 * row + column)?;
            sum += 10 * row + column;
        }
    }
    Ok(sum)
}

#[test]
fn an_inner_loop_goes_on_where_it_was() {
    let world = World::default();
    world.fails(&[15, 37, 55]);
    for _ in 0..3 {
        inner(&world).unwrap_err();
    }
    world.fails(&[]);
    assert_eq!(inner(&world).unwrap(), (0..60).sum::<u64>());
    assert_eq!(world.done(), (0..60).collect::<Vec<_>>());
}

#[resumable(name = "counted", shared, slices = 4, backend = world.backend(), on_input_change = "continue")]
fn counted(world: &World, items: impl Iterator<Item = u64> + Clone) -> Result<()> {
    #[resume]
    for item in items {
        world.act(item)?;
    }
    Ok(())
}

#[resumable(name = "once", shared, backend = world.backend(), on_input_change = "continue")]
fn once(world: &World, items: Box<dyn Iterator<Item = u64>>) -> Result<()> {
    #[resume]
    for item in items {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn an_input_that_does_not_tell_its_length_is_counted_if_it_can_begin_anew() {
    let world = World::default();
    counted(&world, (0..40).filter(|item| item % 3 == 0)).unwrap();
    assert_eq!(world.done(), (0..40).step_by(3).collect::<Vec<_>>());
    let error = once(&world, Box::new((0..40).filter(|item| item % 3 == 0))).unwrap_err();
    assert!(error.to_string().contains("collect it into a `Vec`"), "{error}");
    assert_eq!(world.done(), [0; 0]);
}

#[resumable(name = "empty", shared, backend = world.backend(), carry(total, merge = |a, b| a + b))]
fn empty(world: &World, items: &[u64]) -> Result<u64> {
    let mut total = 5;
    for item in items {
        world.act(*item)?;
        total += item;
    }
    Ok(total)
}

#[test]
fn an_empty_input_is_finished_at_once() {
    let world = World::default();
    assert_eq!((empty(&world, &[]).unwrap(), empty(&world, &[]).unwrap()), (5, 5));
}

#[resumable(
    name = "left-alone", shared, slices = 2, backend = world.backend(),
    carry(last, merge = |_: u64, b| b, sum, merge = |a, b| a + b)
)]
fn left_alone(world: &World) -> Result<(u64, u64)> {
    let mut last = 0;
    let mut sum = 0;
    #[resume]
    for item in 0..8 {
        world.act(item)?;
        last = item;
    }
    #[resume]
    for item in 8..16 {
        world.act(item)?;
        sum += item;
    }
    Ok((last, sum))
}

#[test]
fn a_loop_leaves_variables_alone_that_it_does_not_mention() {
    let world = World::default();
    for _ in 0..2 {
        assert_eq!(left_alone(&world).unwrap(), (7, (8..16).sum()));
    }
}

#[resumable(name = "crowd", shared, slices = 64, backend = world.backend(), carry(sum, merge = |a, b| a + b, first, merge = |a: Option<u64>, b| a.or(b)))]
fn crowd(world: &World) -> Result<(u64, Option<u64>)> {
    let mut sum = 0;
    let mut first = None;
    for item in 0..500 {
        world.act(item)?;
        sum += item;
        first = first.or(Some(item));
    }
    Ok((sum, first))
}

#[test]
fn a_crowd_does_each_item_once() {
    let world = World::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..12).map(|_| scope.spawn(|| crowd(&world).unwrap())).collect();
        for worker in workers {
            assert_eq!(worker.join().unwrap(), ((0..500).sum::<u64>(), Some(0)));
        }
    });
    assert_eq!(world.done(), (0..500).collect::<Vec<_>>());
}

#[test]
fn a_test_ends_a_worker_in_an_item_of_the_whole_input() {
    let world = World::default();
    assert!(fail_at(250, || crowd(&world)).is_none());
    let checkpoint = world.job("crowd").peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.last_failure().unwrap().index(), Some(250));
    assert_eq!(crowd(&world).unwrap(), ((0..500).sum::<u64>(), Some(0)));
}

/// Calls itself in each item. The inner call of the job shares nothing.
#[resumable(name = "itself", shared, slices = 2, backend = world.backend(), carry(sum, merge = |a, b| a + b))]
fn itself(world: &World, depth: u64) -> Result<u64> {
    let mut sum = 0;
    for item in 0..3 {
        world.act(item)?;
        sum += 1;
        if depth > 0 {
            sum += itself(world, depth - 1)?;
        }
    }
    Ok(sum)
}

#[test]
fn an_item_may_call_its_own_job() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::default();
    assert_eq!(itself(&world, 1).unwrap(), 3 + 9);
    assert_eq!(world.done().len(), 12);
    drop(dir);
}

#[resumable(name = "lines", shared, slices = 3, backend = world.backend(), carry(sum, merge = |a, b| a + b), fresh(lines))]
fn lines(world: &World, text: &str) -> Result<u64> {
    let mut lines = text.lines();
    let mut sum = 0;
    #[resume]
    while let Some(line) = lines.next() {
        let item: u64 = line.parse()?;
        world.act(item)?;
        sum += item;
    }
    Ok(sum)
}

#[test]
fn what_the_head_of_a_while_let_loop_gives_is_cut_as_well() {
    let world = World::default();
    world.fails(&[3, 7]);
    for _ in 0..2 {
        lines(&world, "1\n2\n3\n4\n5\n6\n7\n8").unwrap_err();
    }
    world.fails(&[]);
    assert_eq!(lines(&world, "1\n2\n3\n4\n5\n6\n7\n8").unwrap(), 36);
    assert_eq!(world.done(), (1..=8).collect::<Vec<_>>());
    let error = lines(&world, "1\n2").unwrap_err().to_string();
    assert!(error.contains("`text` of job `lines` has changed since"), "{error}");
}

/// A source that gives each number after a wait.
struct Later(std::ops::Range<u64>);

impl Later {
    async fn next(&mut self) -> Option<u64> {
        smol::future::yield_now().await;
        self.0.next()
    }
}

#[resumable(name = "later", shared, slices = 4, backend = world.backend(), carry(squares), fresh(later))]
async fn later(world: &World) -> Result<Vec<u64>> {
    let mut later = Later(0..20);
    let mut squares = Results::new();
    #[resume]
    while let Some(item) = later.next().await {
        world.act(item)?;
        smol::future::yield_now().await;
        squares.push(item * item);
    }
    Ok(squares.into())
}

#[test]
fn items_that_an_async_loops_head_awaits_are_cut_as_well() {
    let world = World::default();
    world.fails(&[3, 17]);
    for _ in 0..2 {
        smol::block_on(later(&world)).unwrap_err();
    }
    world.fails(&[]);
    let squares: Vec<u64> = (0..20).map(|item| item * item).collect();
    assert_eq!(smol::block_on(later(&world)).unwrap(), squares);
    assert_eq!(world.done(), (0..20).collect::<Vec<_>>());
}
