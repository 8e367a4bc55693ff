//! Runs a graceful job that takes its time, in which signals come.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use safe_state::{Job, resumable};
use safe_state_tests::Effects;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (kind, dir, millis) = match arguments[..] {
        [kind, dir, millis] => (kind, Path::new(dir), Duration::from_millis(millis.parse()?)),
        _ => bail!("unknown: {arguments:?}"),
    };
    let effects = Effects::open(dir.join("effects"))?;
    let work = |item| {
        effects.record(item)?;
        println!("item {item}");
        thread::sleep(millis);
        anyhow::Ok(())
    };
    match kind {
        "graceful" => graceful(dir, work),
        "soon" => soon(dir, work),
        "suspects" => suspects(dir, work),
        "plain" => plain(dir, work),
        "after" => after(dir, millis),
        "winds-up" => {
            winds_up(dir, millis);
            Ok(())
        }
        "two" => two(dir, millis),
        other => bail!("unknown: {other}"),
    }
}

#[resumable(name = "asked", state_dir = dir, save_every = 1_000_000, durability = "process", graceful)]
fn graceful(dir: &Path, work: impl Fn(u64) -> Result<()>) -> Result<()> {
    for item in 0..1_000_000 {
        work(item)?;
    }
    Ok(())
}

#[resumable(name = "asked", state_dir = dir, graceful, second_signal_after = "1ms")]
fn soon(dir: &Path, work: impl Fn(u64) -> Result<()>) -> Result<()> {
    for item in 0..1_000_000 {
        work(item)?;
    }
    Ok(())
}

#[resumable(name = "asked", state_dir = dir, save_every = 3, durability = "process", graceful, max_crashes = 1)]
fn suspects(dir: &Path, work: impl Fn(u64) -> Result<()>) -> Result<()> {
    for item in 0..1_000_000 {
        work(item)?;
    }
    Ok(())
}

#[resumable(name = "asked", state_dir = dir, durability = "process", max_crashes = 1)]
fn plain(dir: &Path, work: impl Fn(u64) -> Result<()>) -> Result<()> {
    for item in 0..1_000_000 {
        work(item)?;
    }
    Ok(())
}

/// Goes on for a while after its graceful job.
fn after(dir: &Path, millis: Duration) -> Result<()> {
    Job::new("asked").state_dir(dir).graceful(true).run(0..3, |_| anyhow::Ok(()))?;
    println!("item none");
    thread::sleep(millis);
    Ok(())
}

/// Takes some time to wind up after its job was stopped.
fn winds_up(dir: &Path, millis: Duration) {
    let stopped = Job::new("asked").state_dir(dir).graceful(true).run(0..1_000_000, |item: u64| {
        println!("item {item}");
        thread::sleep(Duration::from_millis(1));
        anyhow::Ok(())
    });
    stopped.expect_err("it is asked to end");
    println!("stopped");
    thread::sleep(millis);
}

/// Runs two jobs side by side, one of which the test watches.
fn two(dir: &Path, millis: Duration) -> Result<()> {
    let job = |name| Job::new(name).state_dir(dir).graceful(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            job("other").run(0..1_000_000_u64, |_| {
                thread::sleep(Duration::from_millis(1));
                anyhow::Ok(())
            })
        });
        job("asked").run(0..1_000_000_u64, |item| {
            println!("item {item}");
            thread::sleep(millis);
            anyhow::Ok(())
        })
    })
}
