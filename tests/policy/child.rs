//! Does a run in a process of its own, which is killed, or kills itself.

mod poisons;

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use rustix::process::{Signal, getpid, kill_process};
use safe_state::backend::{Backend, Error as BackendError, FileBackend};
use safe_state::{Backoff, resumable};
use safe_state_tests::Effects;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, dir] = arguments.as_slice() else { bail!("unknown: {arguments:?}") };
    let dir = Path::new(dir);
    let effects = Effects::open(dir.join("effects"))?;
    let items: Vec<u64> = (0..40).collect();
    let sum = match kind.as_str() {
        "endless" => return endless(dir, &effects, 0..u64::MAX),
        "pauses" => return pauses(dir, &effects, &[0, 1, 2, 3]),
        "every-item" => every_item(dir, &effects, &items)?,
        "every-tenth" => every_tenth(dir, &effects, &items)?,
        "by-time" => by_time(dir, &effects, &items)?,
        "slow-saves" => slow_saves(dir, &effects, &items)?,
        "by-key" => by_key(dir, &effects, &items)?,
        "retried" => retried(dir, &effects, &items)?,
        "async" => safe_state_tests::shapes::block_on(waiting(dir, &effects, &items))?,
        "poison" => return poison(dir, &effects, &items),
        "once" => return once(dir, &effects, &items),
        other => bail!("unknown: {other}"),
    };
    // The sum has each item that was done exactly once.
    let killers = [3, 4, 17, 39];
    ensure!(sum == items.iter().filter(|item| !killers.contains(*item)).sum::<u64>(), "{sum}");
    Ok(())
}

/// Saves so seldom that a test never sees a save.
#[resumable(name = "endless", state_dir = dir, save_every = 1_000_000, verbose)]
fn endless(dir: &Path, effects: &Effects, items: Range<u64>) -> Result<()> {
    for item in items {
        effects.record(item)?;
    }
    Ok(())
}

#[resumable(name = "pauses", state_dir = dir, save_every = 100, max_attempts = 3, backoff = Backoff::constant("1h"))]
fn pauses(dir: &Path, effects: &Effects, items: &[u64]) -> Result<()> {
    for item in items {
        effects.record(*item)?;
        ensure!(*item != 2, "not yet");
    }
    Ok(())
}

/// Does the work on an item, which kills the process for some items.
fn work(effects: &Effects, item: u64) -> Result<()> {
    match item {
        3 => std::process::abort(),
        4 | 39 => kill_process(getpid(), Signal::KILL)?,
        // The first signal only makes Rust's own handler step aside.
        17 => loop {
            kill_process(getpid(), Signal::SEGV)?;
        },
        _ => effects.record(item)?,
    }
    Ok(())
}

macro_rules! jobs {
    ($($name:ident $(, $option:ident = $value:expr)*;)*) => { $(
        #[resumable(name = "kills", state_dir = dir, max_crashes = 2, carry(sum), $($option = $value),*)]
        fn $name(dir: &Path, effects: &Effects, items: &[u64]) -> Result<u64> {
            let mut sum = 0;
            for item in items {
                sum += item;
                work(effects, *item)?;
            }
            Ok(sum)
        }
    )* };
}

jobs! {
    every_item;
    every_tenth, save_every = 10;
    by_time, save_every = "20ms";
    by_key, save_every = 3, key = |item| item;
    retried, save_every = 3, max_attempts = 2;
}

/// A backend of which a save takes much longer than an item.
struct Slow(FileBackend);

impl Backend for Slow {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, BackendError> {
        self.0.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), BackendError> {
        thread::sleep(Duration::from_millis(15));
        self.0.save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), BackendError> {
        self.0.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, BackendError> {
        self.0.exists(job)
    }
}

/// Items of a millisecond, so that many of them begin between two saves.
#[resumable(name = "kills", backend = Slow(FileBackend::new(dir)), max_crashes = 2, carry(sum), save_every = "20ms")]
fn slow_saves(dir: &Path, effects: &Effects, items: &[u64]) -> Result<u64> {
    let mut sum = 0;
    for item in items {
        sum += item;
        thread::sleep(Duration::from_millis(1));
        work(effects, *item)?;
    }
    Ok(sum)
}

#[resumable(name = "kills", state_dir = dir, max_crashes = 2, carry(sum), save_every = 3)]
async fn waiting(dir: &Path, effects: &Effects, items: &[u64]) -> Result<u64> {
    let mut sum = 0;
    for item in items {
        sum += std::future::ready(item).await;
        work(effects, *item)?;
    }
    Ok(sum)
}

/// Dies in four items, each in another way.
#[resumable(name = "kills", state_dir = dir, max_crashes = 2, save_every = 10)]
fn poison(dir: &Path, effects: &Effects, items: &[u64]) -> Result<()> {
    for item in items {
        match item {
            5 => _ = poisons::overflow(0),
            11 => poisons::exhaust_addresses(),
            23 => poisons::exhaust_memory(dir),
            31 => std::process::abort(),
            _ => effects.record(*item)?,
        }
    }
    Ok(())
}

/// Dies in two items, once in each.
#[resumable(name = "kills", state_dir = dir, max_crashes = 1, save_every = 10)]
fn once(dir: &Path, effects: &Effects, items: &[u64]) -> Result<()> {
    for item in items {
        let mark = dir.join(item.to_string());
        if [5, 15].contains(item) && !mark.exists() {
            File::create(mark)?;
            kill_process(getpid(), Signal::KILL)?;
        }
        effects.record(*item)?;
    }
    Ok(())
}
