//! Runs a job whose items run side by side, and that is killed at any instant.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;

use safe_state::{Action, ahead, resumable};
use safe_state_tests::Effects;

type Anything = Box<dyn Error + Send + Sync>;

const ITEMS: u64 = 60;
const SHORT: u64 = 6_000;

/// Does an item, which takes its own time, and says that it has begun.
fn act(effects: &Effects, item: u64) -> Result<u64, Anything> {
    writeln!(std::io::stdout(), "item {item}")?;
    thread::sleep(Duration::from_micros(item * 7919 % 1500));
    effects.record(item)?;
    Ok(item)
}

async fn act_later(effects: &Effects, item: u64) -> Result<u64, Anything> {
    writeln!(std::io::stdout(), "item {item}")?;
    tokio::time::sleep(Duration::from_micros(item * 7919 % 1500)).await;
    effects.record(item)?;
    Ok(item)
}

#[resumable(name = "job", state_dir = dir, threads = 4)]
fn on_threads(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..ITEMS {
        act(effects, item)?;
    }
    Ok(0)
}

#[resumable(name = "job", state_dir = dir, threads = 4, key = |item| *item, save_every = 5)]
fn by_key(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..ITEMS {
        act(effects, item)?;
    }
    Ok(0)
}

#[resumable(name = "job", state_dir = dir, threads = 4, page, durability = "process")]
fn paged(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..ITEMS {
        act(effects, item)?;
    }
    Ok(0)
}

/// Has items of microseconds, each of which is in the page when it has ended.
#[resumable(name = "job", state_dir = dir, threads = 4, page, save_every = 200, durability = "process")]
fn short_in_the_page(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..SHORT {
        if item % 500 == 0 {
            writeln!(std::io::stdout(), "item {item}")?;
        }
        effects.record(item)?;
    }
    Ok(0)
}

/// The item in which the process of the first run dies, when `others` items have ended or are about to.
struct Death<'e> {
    dir: &'e Path,
    effects: &'e Effects,
    item: u64,
    others: usize,
}

impl Death<'_> {
    /// Does an item. Returns whether the process is to die in it, once that many others are done.
    fn act(&self, item: u64) -> Result<bool, Anything> {
        self.effects.record(item)?;
        let is_first_run = !self.dir.join("died").exists();
        if is_first_run && item > self.others as u64 {
            // The others are not to get far while the item looks whether it is due.
            thread::sleep(Duration::from_millis(1));
        }
        Ok(is_first_run && item == self.item)
    }

    fn die_if_due(&self) -> Result<(), Anything> {
        if self.effects.all().len() > self.others {
            std::fs::write(self.dir.join("died"), "")?;
            std::process::abort();
        }
        Ok(())
    }
}

#[resumable(name = "job", state_dir = death.dir, threads = 4, page, save_every = 100_000, durability = "process")]
fn dies_in_a_window(death: &Death<'_>) -> Result<u64, Anything> {
    for item in 0..SHORT {
        if death.act(item)? {
            loop {
                thread::sleep(Duration::from_millis(1));
                death.die_if_due()?;
            }
        }
    }
    Ok(0)
}

#[resumable(name = "job", state_dir = death.dir, threads = 4, page, save_every = "1h")]
fn dies_between_syncs(death: &Death<'_>) -> Result<u64, Anything> {
    for item in 0..SHORT {
        if death.act(item)? {
            loop {
                thread::sleep(Duration::from_millis(1));
                death.die_if_due()?;
            }
        }
    }
    Ok(0)
}

#[resumable(name = "job", state_dir = death.dir, threads = 4, page, save_every = 100_000, durability = "process", key = |item| *item)]
fn dies_by_key(death: &Death<'_>) -> Result<u64, Anything> {
    for item in 0..SHORT {
        if death.act(item)? {
            loop {
                thread::sleep(Duration::from_millis(1));
                death.die_if_due()?;
            }
        }
    }
    Ok(0)
}

#[resumable(name = "job", state_dir = death.dir, concurrency = 4, page, save_every = 100_000, durability = "process")]
async fn dies_as_a_future(death: &Death<'_>) -> Result<u64, Anything> {
    for item in 0..SHORT {
        tokio::task::yield_now().await;
        if death.act(item)? {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                death.die_if_due()?;
            }
        }
    }
    Ok(0)
}

#[resumable(name = "job", state_dir = dir, concurrency = 4)]
async fn as_futures(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..ITEMS {
        act_later(effects, item).await?;
    }
    Ok(0)
}

#[resumable(name = "job", state_dir = dir, threads = 4, carry(sum))]
fn ahead_on_threads(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    let mut sum = 0;
    for item in 0..ITEMS {
        let given = ahead!(act(effects, item)?);
        sum += given;
    }
    Ok(sum)
}

#[resumable(name = "job", state_dir = dir, concurrency = 4, carry(sum))]
async fn ahead_as_futures(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    let mut sum = 0;
    for item in 0..ITEMS {
        let given = ahead!(act_later(effects, item).await?);
        sum += given;
    }
    Ok(sum)
}

/// Has an item that goes on for an hour, unless it `ends`.
#[resumable(name = "job", state_dir = dir, threads = 2, graceful, grace_period = "1s", fresh(ends))]
fn endless(dir: &Path, effects: &Effects, ends: bool) -> Result<u64, Anything> {
    for item in 0..4 {
        if item == 3 && !ends {
            writeln!(std::io::stdout(), "endless")?;
            thread::sleep(Duration::from_secs(3600));
        }
        effects.record(item)?;
    }
    Ok(0)
}

/// Has an item whose part that runs ahead goes on for an hour, unless it `ends`.
#[resumable(name = "job", state_dir = dir, threads = 2, save_every = 2, graceful, grace_period = "1s", carry(sum), fresh(ends))]
fn endless_ahead(dir: &Path, effects: &Effects, ends: bool) -> Result<u64, Anything> {
    let mut sum = 0;
    for item in 0..4 {
        let given = ahead!(endless_part(item, ends)?);
        effects.record(given)?;
        sum += given;
    }
    Ok(sum)
}

fn endless_part(item: u64, ends: bool) -> Result<u64, Anything> {
    if item == 3 && !ends {
        writeln!(std::io::stdout(), "endless")?;
        thread::sleep(Duration::from_secs(3600));
    }
    Ok(item)
}

/// Leaves the loop by an error of its item 1, while the part of the item 2 goes on for an hour.
#[resumable(name = "job", state_dir = dir, threads = 3, graceful, grace_period = "1s", on_error = |_| says_endless())]
fn left_ahead(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..4 {
        let given = ahead!({
            if item == 2 {
                thread::sleep(Duration::from_secs(3600));
            }
            item
        });
        effects.record(given)?;
        if given == 1 {
            return Err("item 1".into());
        }
    }
    Ok(0)
}

fn says_endless() -> Action {
    // If this can't be said, the test fails.
    let _ = writeln!(std::io::stdout(), "endless");
    Action::Fail
}

/// Has an item that fails, while another goes on for an hour.
#[resumable(name = "job", state_dir = dir, threads = 2, graceful, grace_period = "1s", on_error = |_| says_endless())]
fn fails_beside(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..4 {
        if item == 2 {
            thread::sleep(Duration::from_secs(3600));
        }
        if item == 3 {
            return Err("item 3".into());
        }
        effects.record(item)?;
    }
    Ok(0)
}

/// Runs while more memory is in use than it may.
#[resumable(name = "job", state_dir = dir, threads = 2, max_memory = "48MiB")]
fn memory(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..2000 {
        thread::sleep(Duration::from_millis(5));
        effects.record(item)?;
    }
    Ok(0)
}

/// Has items of microseconds, which are handed out before there is a thread for them.
#[resumable(name = "job", state_dir = dir, threads = 4, save_every = 200, durability = "process")]
fn short(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..SHORT {
        if item % 500 == 0 {
            writeln!(std::io::stdout(), "item {item}")?;
        }
        effects.record(item)?;
    }
    Ok(0)
}

/// Has an item that kills the process, whatever the other threads are doing.
#[resumable(name = "job", state_dir = dir, threads = 4, max_crashes = 2)]
fn poisoned(dir: &Path, effects: &Effects) -> Result<u64, Anything> {
    for item in 0..ITEMS {
        if item == 7 {
            std::process::abort();
        }
        act(effects, item)?;
    }
    Ok(0)
}

fn main() -> Result<(), Anything> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, dir] = arguments.as_slice() else { return Err("which job, and where?".into()) };
    let dir = Path::new(dir);
    let effects = Effects::open(dir.join("effects"))?;
    let death = |item, others| Death { dir, effects: &effects, item, others };
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build();
    let sum = match kind.as_str() {
        "threads" => on_threads(dir, &effects)?,
        "endless" => endless(dir, &effects, false)?,
        "ends" => endless(dir, &effects, true)?,
        "endless ahead" => endless_ahead(dir, &effects, false)?,
        "ends ahead" => endless_ahead(dir, &effects, true)?,
        "left ahead" => left_ahead(dir, &effects)?,
        "fails beside" => fails_beside(dir, &effects)?,
        "memory" => {
            let ballast = vec![1_u8; 96 << 20];
            memory(dir, &effects).inspect(|_| drop(std::hint::black_box(ballast)))?
        }
        "short" => short(dir, &effects)?,
        "paged" => paged(dir, &effects)?,
        "short in the page" => short_in_the_page(dir, &effects)?,
        "dies in a window" => dies_in_a_window(&death(500, 900))?,
        "dies beyond a window" => dies_in_a_window(&death(5, 2_500))?,
        "dies between syncs" => dies_between_syncs(&death(500, 900))?,
        "dies by key" => dies_by_key(&death(500, 900))?,
        "dies as a future" => runtime()?.block_on(dies_as_a_future(&death(500, 900)))?,
        "key" => by_key(dir, &effects)?,
        "futures" => runtime()?.block_on(as_futures(dir, &effects))?,
        "ahead on threads" => ahead_on_threads(dir, &effects)?,
        "ahead as futures" => runtime()?.block_on(ahead_as_futures(dir, &effects))?,
        "poisoned" => poisoned(dir, &effects)?,
        _ => return Err(format!("unknown: {kind}").into()),
    };
    // The file is renamed when it is complete, so that a kill never leaves a part of it.
    std::fs::write(dir.join("part"), sum.to_string())?;
    std::fs::rename(dir.join("part"), dir.join("sum"))?;
    Ok(())
}
