//! Runs jobs that take all memory, or are watched by a service manager.

use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use safe_state::{Backoff, Job, resumable};
use safe_state_tests::Effects;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, dir] = arguments.as_slice() else { bail!("unknown: {arguments:?}") };
    let dir = Path::new(dir);
    let effects = Effects::open_aloud(dir.join("effects"))?;
    match kind.as_str() {
        "grows" => grows(dir, &effects),
        "grows-paged" => grows_paged(dir, &effects),
        "grows-async" => safe_state_tests::shapes::block_on(grows_async(dir, &effects)),
        "grows-in-threads" => grows_in_threads(dir, &effects),
        "hangs" => hangs(dir, &effects),
        "rests" => rests(dir, &effects),
        "rated" => rated(dir, &effects),
        "waits" => waits(dir, &effects),
        "graceful" => graceful(dir, &effects),
        "beside" => beside(dir, &effects),
        "embeds" => {
            println!("result {}", embeds(dir, &effects)?);
            Ok(())
        }
        other => bail!("unknown: {other}"),
    }
}

/// Takes a mebibyte that is never given back.
fn take(effects: &Effects, item: u64) -> Result<u64> {
    std::mem::forget(black_box(vec![1_u8; 1 << 20]));
    effects.record(item)?;
    Ok(item)
}

const GROWN: u64 = 200;

#[resumable(name = "grows", state_dir = dir, save_every = 1_000_000, durability = "process", carry(sum))]
fn grows(dir: &Path, effects: &Effects) -> Result<()> {
    let mut sum = 0;
    #[resume]
    for item in 0..GROWN {
        sum += take(effects, item)?;
    }
    ensure!(sum == GROWN * (GROWN - 1) / 2, "{sum}");
    Ok(())
}

#[resumable(name = "grows", state_dir = dir, save_every = 1_000_000, durability = "process", page)]
fn grows_paged(dir: &Path, effects: &Effects) -> Result<()> {
    #[resume]
    for item in 0..GROWN {
        take(effects, item)?;
    }
    Ok(())
}

#[resumable(name = "grows", state_dir = dir, save_every = 1_000_000, durability = "process", carry(sum))]
async fn grows_async(dir: &Path, effects: &Effects) -> Result<()> {
    let mut sum = 0;
    #[resume]
    for item in 0..GROWN {
        std::future::ready(()).await;
        sum += take(effects, item)?;
    }
    ensure!(sum == GROWN * (GROWN - 1) / 2, "{sum}");
    Ok(())
}

#[resumable(name = "grows", state_dir = dir, save_every = 1_000_000, durability = "process", threads = 2)]
fn grows_in_threads(dir: &Path, effects: &Effects) -> Result<()> {
    #[resume]
    for item in 0..GROWN {
        take(effects, item)?;
    }
    Ok(())
}

fn pass(effects: &Effects, item: u64) -> Result<()> {
    thread::sleep(Duration::from_millis(5));
    Ok(effects.record(item)?)
}

/// Hangs in its item 100.
#[resumable(name = "served", state_dir = dir, durability = "process", save_every = 7)]
fn hangs(dir: &Path, effects: &Effects) -> Result<()> {
    #[resume]
    for item in 0..1000_u64 {
        pass(effects, item)?;
        if item == 100 {
            println!("hangs");
            thread::sleep(Duration::from_secs(3600));
        }
    }
    Ok(())
}

/// Fails in its item 3, and tries it again in an hour.
#[resumable(name = "served", state_dir = dir, durability = "process", max_attempts = 2, backoff = Backoff::constant("1h"))]
fn rests(dir: &Path, effects: &Effects) -> Result<()> {
    #[resume]
    for item in 0..1000_u64 {
        pass(effects, item)?;
        if item == 3 {
            println!("rests");
            bail!("fails");
        }
    }
    Ok(())
}

#[resumable(name = "served", state_dir = dir, durability = "process", rate = "1/h")]
fn rated(dir: &Path, effects: &Effects) -> Result<()> {
    #[resume]
    for item in 0..1000_u64 {
        pass(effects, item)?;
    }
    Ok(())
}

/// Waits for another run of the job in the same process, which does not end.
fn waits(dir: &Path, effects: &Effects) -> Result<()> {
    let job = || Job::new("served").state_dir(dir).wait(Duration::from_secs(3600));
    thread::scope(|scope| {
        scope.spawn(|| {
            job().run(0..2, |_| {
                println!("holds");
                thread::sleep(Duration::from_secs(3600));
                anyhow::Ok(())
            })
        });
        while job().peek_checkpoint()?.is_none_or(|held| !held.is_open()) {
            thread::sleep(Duration::from_millis(5));
        }
        job().run(0..2, |item| pass(effects, item))
    })
}

#[resumable(name = "served", state_dir = dir, durability = "process", graceful)]
fn graceful(dir: &Path, effects: &Effects) -> Result<()> {
    #[resume]
    for item in 0..1_000_000_u64 {
        pass(effects, item)?;
    }
    Ok(())
}

/// Hangs in its first item on one of three threads, while the others go on; then hangs on all threads.
#[resumable(name = "served", state_dir = dir, durability = "process", threads = 3)]
fn beside(dir: &Path, effects: &Effects) -> Result<()> {
    #[resume]
    for item in 0..1000_u64 {
        pass(effects, item)?;
        if [0, 100, 101].contains(&item) {
            println!("hangs");
            thread::sleep(Duration::from_secs(3600));
        }
    }
    Ok(())
}

#[resumable(name = "embed", state_dir = dir, durability = "process", shared, slices = 16, carry(tokens, merge = |a, b| a + b))]
fn embeds(dir: &Path, effects: &Effects) -> Result<u64> {
    let mut tokens = 0;
    #[resume]
    for document in 0..160_u64 {
        pass(effects, document)?;
        tokens += document;
    }
    Ok(tokens)
}
