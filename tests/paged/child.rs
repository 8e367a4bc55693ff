//! Runs a job with a page, whose process aborts in an item. As with SIGKILL, no code of the process runs any more.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use safe_state::{Action, ErrorContext, Results, Worklist, resumable};
use safe_state_tests::{Effects, heard};
use serde::{Deserialize, Serialize};

const ITEMS: u64 = 60;

/// The work of a job, and the item in which it dies.
struct Task {
    dir: std::path::PathBuf,
    effects: Effects,
    every: u64,
    dies_at: Option<u64>,
}

impl Task {
    fn work(&self, item: u64) -> Result<u64> {
        self.effects.record(item)?;
        if Some(item) == self.dies_at {
            std::process::abort();
        }
        Ok(item)
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, every, dir, dies_at] = arguments.as_slice() else { bail!("unknown: {arguments:?}") };
    let dir = Path::new(dir).to_owned();
    let effects = Effects::open(dir.join("effects"))?;
    let task = Task { effects, every: every.parse()?, dies_at: dies_at.parse().ok(), dir };
    let (kind, synced) = match kind.strip_prefix("synced ") {
        Some(kind) => (kind, true),
        None => (kind.as_str(), false),
    };
    let (sum, told) = heard(|| sum(&task, kind, synced));
    for line in &told {
        eprintln!("{line}");
    }
    let sum = sum?;
    anyhow::ensure!(sum == (0..ITEMS).sum::<u64>(), "the sum came out as {sum}");
    Ok(())
}

fn sum(task: &Task, kind: &str, synced: bool) -> Result<u64> {
    let sum = match (kind, synced) {
        ("sum", false) => process::sum(task)?,
        ("sum", true) => power::sum(task)?,
        ("failing", false) => process::failing(task)?,
        ("failing", true) => power::failing(task)?,
        ("shapes", false) => process::shapes(task)?,
        ("shapes", true) => power::shapes(task)?,
        ("list", false) => process::list(task)?,
        ("list", true) => power::list(task)?,
        ("queue", false) => process::queue(task)?,
        ("queue", true) => power::queue(task)?,
        ("nested", false) => process::nested(task)?,
        ("nested", true) => power::nested(task)?,
        ("key", false) => process::key(task)?,
        ("key", true) => power::key(task)?,
        ("cursor", false) => process::cursor(task)?,
        ("cursor", true) => power::cursor(task)?,
        ("keys", false) => process::keys(task)?,
        ("keys", true) => power::keys(task)?,
        ("cursors", false) => process::cursors(task)?,
        ("cursors", true) => power::cursors(task)?,
        ("skipped", false) => process::skipped(task)?,
        ("skipped", true) => power::skipped(task)?,
        ("timed", false) => process::timed(task)?,
        ("timed", true) => power::timed(task)?,
        ("placed", false) => process::placed(task)?,
        ("placed", true) => power::placed(task)?,
        ("many keys", _) => many_keys(task)?,
        ("many keys with a sum", _) => many_keys_with_a_sum(task)?,
        ("long cursors", _) => long_cursors(task)?,
        ("reordered keys", _) => reordered_keys(task)?,
        ("elsewhere", _) => elsewhere(task)?,
        ("file", _) => file(task)?,
        ("future", _) => {
            tokio::runtime::Builder::new_current_thread().build()?.block_on(future(task))?
        }
        other => bail!("unknown: {other:?}"),
    };
    Ok(sum)
}

/// A value whose kinds are seen one after the other.
#[derive(Default, Serialize, Deserialize)]
struct Shape {
    items: u64,
    last: Option<String>,
    phase: Phase,
}

#[derive(Default, Serialize, Deserialize)]
enum Phase {
    #[default]
    Begun,
    Half {
        at: u64,
    },
    Over(String),
}

impl Shape {
    fn change(&mut self, item: u64) {
        self.items += 1;
        match item {
            10 => self.last = Some(String::new()),
            24 => self.phase = Phase::Half { at: item },
            40 => self.phase = Phase::Over("x".repeat(5_000)),
            50 => self.phase = Phase::Over(item.to_string()),
            _ => self.last = self.last.take().map(|last| last + "y"),
        }
    }
}

fn skip(_: &ErrorContext<'_>) -> Action {
    Action::Skip
}

// rustfmt would indent the attributes further each time it runs.
#[rustfmt::skip]
macro_rules! jobs {
    ($durability:ident, $literal:literal) => {
        mod $durability {
            use super::*;

            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, verbose, carry(sum))]
            pub(super) fn sum(task: &Task) -> Result<u64> {
                let mut sum = 0;
                for item in 0..ITEMS {
                    sum += task.work(item)?;
                }
                Ok(sum)
            }

            /// Fails in the middle of an item, which has changed the carried sum by then.
            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(sum), fresh(task.dies_at))]
            pub(super) fn failing(task: &Task) -> Result<u64> {
                let mut sum = 0;
                for item in 0..ITEMS {
                    sum += item;
                    task.effects.record(item)?;
                    anyhow::ensure!(Some(item) != task.dies_at, "it ends here");
                }
                Ok(sum)
            }

            /// Carries two values. One of them shows new names and kinds now and then, and becomes too long for the page.
            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(sum, shape))]
            pub(super) fn shapes(task: &Task) -> Result<u64> {
                let mut sum = 0;
                let mut shape = Shape::default();
                for item in 0..ITEMS {
                    shape.change(item);
                    sum += task.work(item)?;
                }
                anyhow::ensure!(shape.items == ITEMS, "{} items were counted", shape.items);
                Ok(sum)
            }

            /// Adds up its items, and is stored where the environment says.
            #[resumable(name = "job", save_every = task.every, durability = $literal, page, verbose, carry(sum))]
            pub(super) fn placed(task: &Task) -> Result<u64> {
                let mut sum = 0;
                for item in 0..ITEMS {
                    sum += task.work(item)?;
                }
                Ok(sum)
            }

            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(list))]
            pub(super) fn list(task: &Task) -> Result<u64> {
                let mut list = Results::new();
                for item in 0..ITEMS {
                    let done = task.work(item)?;
                    list.push(done);
                }
                Ok(list.iter().sum())
            }

            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(queue, sum))]
            pub(super) fn queue(task: &Task) -> Result<u64> {
                let mut queue: Worklist<u64> = (0..1).collect();
                let mut sum = 0;
                #[resume]
                while let Some(item) = queue.pop_front() {
                    sum += task.work(item)?;
                    if item + 1 < ITEMS {
                        queue.push_back(item + 1);
                    }
                }
                Ok(sum)
            }

            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(sum))]
            pub(super) fn nested(task: &Task) -> Result<u64> {
                let mut sum = 0;
                #[resume]
                for tens in 0..ITEMS / 10 {
                    #[resume]
                    for ones in 0..10 {
                        sum += task.work(10 * tens + ones)?;
                    }
                }
                Ok(sum)
            }

            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(sum), key = |item| *item)]
            pub(super) fn key(task: &Task) -> Result<u64> {
                let mut sum = 0;
                for item in 0..ITEMS {
                    sum += task.work(item)?;
                }
                Ok(sum)
            }

            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(sum), cursor = |item| *item)]
            pub(super) fn cursor(task: &Task) -> Result<u64> {
                let mut sum = 0;
                let after: Option<u64> = safe_state::cursor!();
                for item in after.map_or(0, |item| item + 1)..ITEMS {
                    sum += task.work(item)?;
                }
                Ok(sum)
            }

            /// Carries nothing.
            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, key = |item| *item)]
            pub(super) fn keys(task: &Task) -> Result<u64> {
                for item in 0..ITEMS {
                    task.work(item)?;
                }
                Ok((0..ITEMS).sum())
            }

            /// Carries nothing.
            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, cursor = |item| (item.to_string(), *item))]
            pub(super) fn cursors(task: &Task) -> Result<u64> {
                let after: Option<(String, u64)> = safe_state::cursor!();
                for item in after.map_or(0, |(_, item)| item + 1)..ITEMS {
                    task.work(item)?;
                }
                Ok((0..ITEMS).sum())
            }

            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(sum), on_error = skip)]
            pub(super) fn skipped(task: &Task) -> Result<u64> {
                let mut sum = 0;
                for item in 0..ITEMS {
                    anyhow::ensure!(item % 7 != 3, "a bad one");
                    sum += task.work(item)?;
                }
                Ok(sum + (0..ITEMS).filter(|item| item % 7 == 3).sum::<u64>())
            }

            #[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = $literal, page, carry(sum), item_timeout = "1h")]
            pub(super) fn timed(task: &Task) -> Result<u64> {
                let mut sum = 0;
                for item in 0..ITEMS {
                    sum += task.work(item)?;
                }
                Ok(sum)
            }
        }
    };
}

jobs!(process, "process");
jobs!(power, "power");

/// Has more keys than a page.
#[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = "process", page, key = |item| *item)]
fn many_keys(task: &Task) -> Result<u64> {
    for item in 0..3_000 {
        task.work(item)?;
    }
    Ok((0..ITEMS).sum())
}

#[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = "process", page, carry(sum), key = |item| *item)]
fn many_keys_with_a_sum(task: &Task) -> Result<u64> {
    let mut sum = 0;
    for item in 0..3_000 {
        sum += task.work(item)?;
    }
    Ok(sum - (ITEMS..3_000).sum::<u64>())
}

/// Has cursors that now and then have no room in a page.
#[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = "process", page, carry(sum), cursor = |item| cursor_of(*item))]
fn long_cursors(task: &Task) -> Result<u64> {
    let mut sum = 0;
    let after: Option<(u64, String)> = safe_state::cursor!();
    for item in after.map_or(0, |(item, _)| item + 1)..3_000 {
        sum += task.work(item)?;
    }
    Ok(sum - (ITEMS..3_000).sum::<u64>())
}

fn cursor_of(item: u64) -> (u64, String) {
    let len = if item % 500 < 30 { 5_000 } else { item % 9 };
    (item, "x".repeat(usize::try_from(len).unwrap_or(0)))
}

/// Walks the items in another order in each run.
#[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = "process", page, carry(sum), fresh(task.dies_at), key = |item| *item)]
fn reordered_keys(task: &Task) -> Result<u64> {
    let first = task.dies_at.map_or(0, |item| item % 3);
    let mut sum = 0;
    for item in (0..3).flat_map(|at| (0..ITEMS).filter(move |item| item % 3 == (first + at) % 3)) {
        sum += task.work(item)?;
    }
    Ok(sum)
}

#[resumable(
    name = "job", backend = format!("sqlite:{}", task.dir.join("jobs.db").display()), page_dir = task.dir.join("pages"),
    save_every = task.every, durability = "process", carry(sum),
)]
fn elsewhere(task: &Task) -> Result<u64> {
    let mut sum = 0;
    for item in 0..ITEMS {
        sum += task.work(item)?;
    }
    Ok(sum)
}

#[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = "process", page, carry(sum), reconnect(output))]
fn file(task: &Task) -> Result<u64> {
    let mut output = File::create(task.dir.join("output"))?;
    let mut sum = 0;
    for item in 0..ITEMS {
        writeln!(output, "{item}")?;
        sum += task.work(item)?;
    }
    Ok(sum)
}

#[resumable(name = "job", state_dir = &task.dir, save_every = task.every, durability = "process", page, carry(sum))]
async fn future(task: &Task) -> Result<u64> {
    let mut sum = 0;
    for item in 0..ITEMS {
        sum += task.work(item)?;
        tokio::task::yield_now().await;
    }
    Ok(sum)
}
