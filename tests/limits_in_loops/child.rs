//! Runs jobs under limits, with one item that does not end.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use safe_state::resumable;
use safe_state_tests::Effects;

const BAD: u64 = 7;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, dir] = arguments.as_slice() else { bail!("unknown: {arguments:?}") };
    let dir = Path::new(dir);
    let effects = Effects::open(dir.join("effects"))?;
    let items: Vec<u64> = (0..20).collect();
    match kind.as_str() {
        "spins" => plain(dir, &effects, &items, spin),
        "reads" => plain(dir, &effects, &items, read),
        "takes" => takes(dir, &effects, &items),
        "async" => safe_state_tests::shapes::block_on(waiting(dir, &effects, &items)),
        "carries" => carries(dir, &effects, &items),
        "by-key" => by_key(dir, &effects, &items),
        "graceful" => graceful(dir, &effects, &items),
        "run" => run(dir, &effects, &items),
        "batch" => batch(dir, &effects, &items),
        other => bail!("unknown: {other}"),
    }
}

fn spin() -> Result<()> {
    loop {
        black_box(0);
    }
}

/// Reads from a pipe that nobody writes to.
fn read() -> Result<()> {
    let (reader, _writer) = std::io::pipe()?;
    std::io::copy(&mut &reader, &mut std::io::sink())?;
    Ok(())
}

/// Takes memory, a hundred megabytes at a time, up to more than any test may take.
fn take() -> Result<()> {
    let mut taken = Vec::new();
    for _ in 0..40 {
        taken.push(black_box(vec![1_u8; 100 << 20]));
    }
    bail!("nobody minded {} pieces", taken.len())
}

fn work(effects: &Effects, item: u64, bad: impl FnOnce() -> Result<()>) -> Result<()> {
    if item == BAD {
        bad()?;
    }
    Ok(effects.record(item)?)
}

macro_rules! jobs {
    ($($name:ident: $bad:ident $(, $option:ident $(= $value:expr)?)*;)*) => { $(
        #[resumable(name = "limited", state_dir = dir, save_every = 100, grace_period = "300ms", $($option $(= $value)?),*)]
        fn $name(dir: &Path, effects: &Effects, items: &[u64]) -> Result<()> {
            for item in items {
                work(effects, *item, $bad)?;
            }
            Ok(())
        }
    )* };
}

jobs! {
    by_key: spin, item_timeout = "1s", max_crashes = 1, key = |item| item;
    graceful: spin, item_timeout = "1s", max_crashes = 1, graceful;
    run: spin, timeout = "1s", max_crashes = 1;
    takes: take, item_timeout = "1m", max_memory = "256MiB", max_crashes = 1;
}

#[resumable(
    name = "limited",
    state_dir = dir,
    save_every = 100,
    item_timeout = "1s",
    grace_period = "300ms",
    max_crashes = 1
)]
fn plain(dir: &Path, effects: &Effects, items: &[u64], bad: fn() -> Result<()>) -> Result<()> {
    #[resume]
    for item in items {
        work(effects, *item, bad)?;
    }
    Ok(())
}

#[resumable(name = "limited", state_dir = dir, save_every = 100, item_timeout = "1s", grace_period = "300ms", max_crashes = 1)]
async fn waiting(dir: &Path, effects: &Effects, items: &[u64]) -> Result<()> {
    for item in items {
        std::future::ready(()).await;
        work(effects, *item, spin)?;
    }
    Ok(())
}

#[resumable(name = "limited", state_dir = dir, save_every = 100, item_timeout = "1s", grace_period = "300ms", max_crashes = 1, carry(sum))]
fn carries(dir: &Path, effects: &Effects, items: &[u64]) -> Result<()> {
    let mut sum = 0;
    for item in items {
        sum += item;
        work(effects, *item, spin)?;
    }
    ensure!(sum == items.iter().sum::<u64>() - BAD, "{sum}");
    Ok(())
}

#[resumable(name = "batch", state_dir = dir, timeout = "1h")]
fn batch(dir: &Path, effects: &Effects, items: &[u64]) -> Result<()> {
    for item in items {
        // A thread tells the run of the end, which has to come before the last item.
        std::thread::sleep(Duration::from_millis(50));
        effects.record(*item)?;
    }
    Ok(())
}
