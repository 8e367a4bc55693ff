//! Runs a job that the page is open on: slow, and killed while it runs.

use std::path::Path;
use std::thread;
use std::time::Duration;

use safe_state::{Action, Durability, ErrorContext, Job, resumable};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // Each item takes `millis` milliseconds; every seventh is given up.
        ["slow", dir, job, items, millis] => {
            println!("running");
            slow(Path::new(dir), job, items.parse()?, &|| millis.parse().map(Duration::from_millis))
        }
        // Each item takes `millis` milliseconds, and every twentieth ten times as long.
        ["timed", dir, job, items, millis] => {
            println!("running");
            timed(Path::new(dir), job, items.parse()?, &|| {
                millis.parse().map(Duration::from_millis)
            })
        }
        // The job has a page, and none of its items fails.
        ["paged", dir, job, items, millis] => {
            let pause = Duration::from_millis(millis.parse()?);
            let job = Job::new(*job).state_dir(dir).durability(Durability::Process).page(true);
            println!("running");
            job.run(0..items.parse::<u64>()?, |_| {
                thread::sleep(pause);
                Ok::<(), std::io::Error>(())
            })?;
            Ok(())
        }
        // The item `at` does not end.
        ["poison", dir, job, items, at] => {
            println!("running");
            poisoned(Path::new(dir), job, items.parse()?, at.parse()?)
        }
        // The process is a worker of a job of a thousand items in ten slices, and its items take `millis` milliseconds
        // each.
        [kind @ ("worker" | "paged_worker"), dir, job, _, millis] => {
            let pause = Duration::from_millis(millis.parse()?);
            println!("running");
            share(Path::new(dir), job, *kind == "paged_worker", &|| pause)
        }
        other => anyhow::bail!("unknown: {other:?}"),
    }
}

/// A function that returns the time that an item takes. A function is no argument that the job is known by.
type Pause<'a> = &'a dyn Fn() -> Result<Duration, std::num::ParseIntError>;

#[resumable(name = job, state_dir = dir, durability = "process", save_every = 1, timings, on_error = give_up)]
fn slow(dir: &Path, job: &str, items: u64, pause: Pause<'_>) -> anyhow::Result<()> {
    for item in 0..items {
        thread::sleep(pause()?);
        anyhow::ensure!(item % 7 != 6, "no such mailbox");
    }
    Ok(())
}

#[resumable(name = job, state_dir = dir, durability = "process", timings, capture(item))]
fn timed(dir: &Path, job: &str, items: u64, pause: Pause<'_>) -> anyhow::Result<()> {
    for item in 0..items {
        let times = if item % 20 == 19 { 10 } else { 1 };
        thread::sleep(pause()? * times);
    }
    Ok(())
}

#[resumable(name = job, state_dir = dir, durability = "process", max_crashes = 9)]
fn poisoned(dir: &Path, job: &str, items: u64, at: u64) -> anyhow::Result<()> {
    for item in 0..items {
        if item == at {
            // The item goes on until the test ends the process.
            loop {
                thread::sleep(Duration::from_secs(1));
            }
        }
    }
    Ok(())
}

#[resumable(name = job, state_dir = dir, durability = "process", page = page, shared, slices = 10, timings)]
fn share(dir: &Path, job: &str, page: bool, pause: &dyn Fn() -> Duration) -> anyhow::Result<()> {
    for _ in 0..1_000_u32 {
        thread::sleep(pause());
    }
    Ok(())
}

fn give_up(_: &ErrorContext) -> Action {
    Action::DeadLetter
}
