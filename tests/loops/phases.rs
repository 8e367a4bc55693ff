//! Tests several resumable loops in a function, loops inside one another, steps, manual checkpoints, and `while let`.
//! Each function is stopped at every point and run again, until it comes through.

use std::cell::{Cell, RefCell};
use std::path::Path;

use safe_state::{checkpoint, resumable, step};

/// The acts of the runs, in order, and the number of acts after which a run is stopped.
#[derive(Default)]
struct World {
    log: RefCell<Vec<String>>,
    left: Cell<Option<usize>>,
}

impl World {
    fn act(&self, what: impl std::fmt::Display) -> anyhow::Result<()> {
        if let Some(left) = self.left.get() {
            anyhow::ensure!(left > 0, "stopped");
            self.left.set(Some(left - 1));
        }
        self.log.borrow_mut().push(what.to_string());
        Ok(())
    }
}

/// Runs `job` uninterrupted, and then stops it after every number of acts, as often as it takes. Checks that it returns
/// the same, that no act is lost, and that each stop repeats at most `repeated_a_stop` acts.
#[track_caller]
fn check<R: PartialEq + std::fmt::Debug>(
    repeated_a_stop: usize,
    job: impl Fn(&Path, &World) -> anyhow::Result<R>,
) {
    let whole = World::default();
    let dir = tempfile::tempdir().unwrap();
    let expected = job(dir.path(), &whole).unwrap();
    let acts = whole.log.into_inner();
    for stop_after in 0..=acts.len() {
        let world = World::default();
        let dir = tempfile::tempdir().unwrap();
        let mut stops = 0;
        let result = loop {
            world.left.set(Some(stop_after.max(1) + stops));
            match job(dir.path(), &world) {
                Ok(result) => break result,
                Err(error) if error.to_string() == "stopped" => stops += 1,
                Err(error) => panic!("{error:#}"),
            }
            assert!(stops < 100, "no progress when stopped after {stop_after} acts");
        };
        assert_eq!(result, expected, "stopped {stops} times after {stop_after} acts");
        let log = world.log.into_inner();
        let missing: Vec<_> = acts.iter().filter(|act| !log.contains(act)).collect();
        assert!(missing.is_empty(), "{missing:?} were lost");
        assert!(log.len() <= acts.len() + stops * repeated_a_stop, "{stops} stops: {log:?}");
    }
}

#[resumable(name = "phases", state_dir = dir, durability = "process", carry(sum, names))]
fn phases(
    dir: &Path,
    numbers: &[u32],
    texts: &[&str],
    world: &World,
) -> anyhow::Result<(u32, String)> {
    let mut sum = 0;
    let mut names = String::new();
    #[resume]
    for number in numbers {
        world.act(format_args!("number {number}"))?;
        if *number == 4 {
            break;
        }
        sum += number;
    }
    #[resume]
    for text in texts {
        names.push_str(text);
        world.act(format_args!("text {text}"))?;
    }
    #[resume]
    for number in numbers.iter().rev() {
        sum += 10 * number;
        world.act(format_args!("back {number}"))?;
    }
    world.act("end")?;
    Ok((sum, names))
}

#[test]
fn phases_resume_where_they_stopped() {
    // The item that leaves the loop by `break` runs again, until the next phase has begun.
    check(1, |dir, world| phases(dir, &[1, 2, 3, 4, 5], &["a", "b", "c"], world));
}

#[resumable(name = "nested", state_dir = dir, durability = "process", carry(total, of_row))]
fn nested(dir: &Path, rows: &[Vec<u32>], world: &World) -> anyhow::Result<(u32, Vec<u32>)> {
    let mut total = 0;
    let mut rows_done = Vec::new();
    #[resume]
    for (at, row) in rows.iter().enumerate() {
        let mut of_row = 0;
        #[resume]
        for cell in row {
            world.act(format_args!("cell {at} {cell}"))?;
            of_row += cell;
            total += cell;
        }
        world.act(format_args!("row {at} {of_row}"))?;
        let _ = &rows_done;
    }
    rows_done.push(total);
    Ok((total, rows_done))
}

#[test]
fn an_inner_loop_belongs_to_the_outer_item_it_was_in() {
    check(0, |dir, world| nested(dir, &[vec![1, 2], vec![], vec![3, 1], vec![1, 2, 3]], world));
}

#[resumable(name = "labels", state_dir = dir, durability = "process")]
fn labels(dir: &Path, rows: &[Vec<u32>], world: &World) -> anyhow::Result<()> {
    #[resume]
    'rows: for (at, row) in rows.iter().enumerate() {
        #[resume]
        for cell in row {
            world.act(format_args!("{at} {cell}"))?;
            match cell {
                7 => continue 'rows,
                9 => break 'rows,
                _ => {}
            }
        }
        world.act(format_args!("{at} end"))?;
    }
    world.act("end")
}

#[test]
fn labels_lead_out_of_inner_loops() {
    let rows = [vec![1, 7, 2], vec![7, 7], vec![3], vec![1, 9, 1], vec![5]];
    check(2, |dir, world| labels(dir, &rows, world));
}

#[resumable(name = "steps", state_dir = dir, durability = "process")]
fn steps(dir: &Path, count: u32, world: &World) -> anyhow::Result<Vec<u32>> {
    let list: Vec<u32> = step!("list", {
        world.act("list")?;
        (0..count).collect()
    });
    for number in &list {
        world.act(format_args!("number {number}"))?;
    }
    let sum: u32 = step!("sum", {
        world.act("sum")?;
        list.iter().sum()
    });
    world.act("end")?;
    Ok(vec![sum, list.len().try_into()?])
}

#[test]
fn a_step_is_taken_once() {
    check(0, |dir, world| steps(dir, 4, world));
}

#[resumable(name = "graph", state_dir = dir, durability = "process", manual, carry(queue, seen))]
fn graph(dir: &Path, start: u32, world: &World) -> anyhow::Result<Vec<u32>> {
    let mut queue = vec![start];
    let mut seen = Vec::new();
    while let Some(node) = queue.pop() {
        if !seen.contains(&node) {
            world.act(format_args!("node {node}"))?;
            seen.push(node);
            queue.extend([node * 2, node * 3].iter().filter(|next| **next < 30));
        }
        checkpoint!();
    }
    Ok(seen)
}

#[test]
fn a_graph_walk_goes_on() {
    check(0, |dir, world| graph(dir, 1, world));
}

#[resumable(name = "missing", state_dir = dir, durability = "process", manual, carry(done, total), fresh(text))]
fn missing(dir: &Path, items: Vec<String>, world: &World) -> anyhow::Result<(usize, String)> {
    let mut done: Vec<String> = Vec::new();
    let mut total = 0;
    let mark = String::from("!");
    let mut text = String::new();
    for item in items {
        if done.contains(&item) {
            continue;
        }
        text.clear();
        text.push_str(&item);
        world.act(format_args!("item {text}{mark}"))?;
        total += text.len();
        done.push(item);
        checkpoint!();
    }
    Ok((total, mark))
}

#[test]
fn a_loop_that_passes_over_what_is_done_goes_on() {
    let items = ["a", "bc", "def"].map(String::from);
    check(0, |dir, world| missing(dir, items.to_vec(), world));
}

#[resumable(name = "while-let", state_dir = dir, durability = "process", carry(sum))]
fn while_let(dir: &Path, items: &[u32], world: &World) -> anyhow::Result<u32> {
    let mut sum = 0;
    let mut items = items.iter();
    #[resume]
    while let Some(item) = items.next() {
        world.act(item)?;
        sum += item;
    }
    Ok(sum)
}

#[test]
fn a_while_let_loop_resumes() {
    check(0, |dir, world| while_let(dir, &[5, 6, 7, 8], world));
}

#[resumable(name = "stream", state_dir = dir.clone(), durability = "process", carry(sum))]
async fn stream(
    dir: std::path::PathBuf,
    mut input: tokio::sync::mpsc::Receiver<u32>,
    world: &World,
) -> anyhow::Result<u32> {
    let mut sum = 0;
    #[resume(check = |item| *item)]
    while let Some(item) = input.recv().await {
        world.act(item)?;
        sum += item;
    }
    let doubled = step!("doubled", {
        tokio::task::yield_now().await;
        world.act("double")?;
        sum * 2
    });
    Ok(doubled)
}

#[test]
fn a_stream_resumes() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    check(0, |dir, world| {
        let (sender, receiver) = tokio::sync::mpsc::channel(8);
        (1..=4).for_each(|item| sender.try_send(item).unwrap());
        drop(sender);
        runtime.block_on(stream(dir.to_owned(), receiver, world))
    });
}

#[test]
fn a_changed_stream_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::default();
    world.left.set(Some(2));
    while_let(dir.path(), &[5, 6, 7], &world).unwrap_err();
    world.left.set(None);
    let error = while_let(dir.path(), &[5, 9, 7], &world).unwrap_err().to_string();
    assert!(error.contains("item 1 is not the one that was completed"), "{error}");
    let error = while_let(dir.path(), &[5], &world).unwrap_err().to_string();
    assert!(error.contains("fewer items than before"), "{error}");
    assert_eq!(while_let(dir.path(), &[5, 6, 7], &world).unwrap(), 18);
}

#[resumable(name = "search", state_dir = dir, durability = "process", carry(looked_at), keep_on_success)]
fn search(dir: &Path, items: &[u32], wanted: u32, world: &World) -> anyhow::Result<(usize, bool)> {
    let mut looked_at = 0;
    let mut found = false;
    for item in items {
        world.act(item)?;
        looked_at += 1;
        if *item == wanted {
            break;
        }
    }
    found |= items.contains(&wanted);
    Ok((looked_at, found))
}

#[test]
fn a_finished_search_is_not_searched_again() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::default();
    assert_eq!(search(dir.path(), &[3, 5, 7, 9], 7, &world).unwrap(), (3, true));
    assert_eq!(search(dir.path(), &[3, 5, 7, 9], 7, &world).unwrap(), (3, true));
    assert_eq!(*world.log.borrow(), ["3", "5", "7"]);
    check(1, |dir, world| search(dir, &[3, 5, 7, 9], 7, world));
}

#[resumable(name = "until", state_dir = dir, fresh(fails))]
fn until(
    dir: &Path,
    mut items: impl Iterator<Item = u32>,
    last: u32,
    fails: bool,
) -> anyhow::Result<()> {
    #[resume]
    while let Some(item) = items.next() {
        if item == last {
            break;
        }
    }
    #[resume]
    for item in 0..2 {
        anyhow::ensure!(!fails || item == 0, "asked to fail");
    }
    Ok(())
}

#[test]
fn a_loop_that_was_left_stays_so_whatever_its_input_gives() {
    let dir = tempfile::tempdir().unwrap();
    for items in [0..9, 0..2, 0..2] {
        let error = until(dir.path(), items, 4, true).unwrap_err();
        assert_eq!(error.to_string(), "asked to fail");
    }
    until(dir.path(), 0..2, 4, false).unwrap();
}

/// Returns the number of rows and their copy, which steps take between two loops, and the number of rows in the end.
/// Both loops change the rows.
#[resumable(name = "counted", state_dir = dir, carry(rows))]
fn counted(dir: &Path, n: u32, world: &World) -> anyhow::Result<(usize, Vec<u32>, usize)> {
    let mut rows: Vec<u32> = Vec::new();
    #[resume]
    for item in 0..n {
        world.act(item)?;
        rows.push(item);
    }
    let size = step!("size", rows.len());
    let copy = step!("copy", rows.clone());
    #[resume]
    for item in 0..n {
        world.act(item)?;
        rows.push(item);
    }
    Ok((size, copy, rows.len()))
}

#[test]
fn a_step_between_loops_reads_what_they_carry() {
    check(0, |dir, world| counted(dir, 3, world));
}
