//! Runs the process that the tests kill, and run beside their own.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write, stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use safe_state::{Backend, Durability, FileBackend, IdempotencyCache, Job, Worklist, resumable};
use safe_state_tests::{Effects, remote};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["storm", kind, durability, save_every, items, dir] => {
            let mut storm = Storm {
                items: items.parse()?,
                save_every: save_every.parse()?,
                effects: Effects::open_aloud(Path::new(dir).join("effects"))?,
                dir: Path::new(dir).join("state"),
                page: false,
            };
            storm.run(kind, durability)
        }
        ["convert", save_every, dir] => {
            let dir = Path::new(dir);
            let input = BufReader::new(File::open(dir.join("input.csv"))?);
            convert(dir, input, save_every.parse()?).map(|sum| println!("{sum}"))
        }
        ["hold", dir] => hold(Path::new(dir)),
        ["hold-gracefully", dir] => hold_gracefully(Path::new(dir)),
        ["hold-on", url, job, lease] => {
            hold_on(&remote::backend(url, Duration::from_millis(lease.parse()?)), job)
        }
        ["victim", url, save_every, dir] => {
            remote::victim(url, save_every.parse()?, Path::new(dir))
        }
        ["fight", url, dir] => remote::tenure(url, Path::new(dir)),
        ["once", keys, dir] => once(keys.parse()?, Path::new(dir)),
        ["cache", "hold", dir] => hold_cache(Path::new(dir)),
        ["publish", times, dir] => publish(times.parse()?, &Path::new(dir).join("published")),
        ["bars", fails_at, dir] => bars(Path::new(dir), fails_at.parse()?),
        ["exit", dir] => exit(Path::new(dir)),
        ["by-default", fails] => by_default(fails.parse()?),
        ["aloud", fails] => aloud(fails.parse()?),
        ["aloud-changed"] => {
            aloud_changed();
            Ok(())
        }
        other => anyhow::bail!("unknown: {other:?}"),
    }
}

/// Has the effect of each key once. The keys repeat, so that most are asked for again.
fn once(keys: u64, dir: &Path) -> anyhow::Result<()> {
    let effects = Effects::open(dir.join("effects"))?;
    let cache = IdempotencyCache::open(FileBackend::new(dir), "once")?;
    for key in (0..keys).flat_map(|key| [key, key / 2]) {
        cache.try_once(&key, || {
            effects.record(key)?;
            // The pause gives time for a kill, like an effect that waits for an answer.
            thread::sleep(Duration::from_micros(100));
            Ok::<u64, std::io::Error>(key)
        })?;
    }
    Ok(())
}

fn hold_cache(dir: &Path) -> anyhow::Result<()> {
    let cache = IdempotencyCache::open(FileBackend::new(dir), "held")?;
    println!("holding");
    stdin().read_to_end(&mut Vec::new())?;
    drop(cache);
    Ok(())
}

/// Publishes the file `times` times, each time with other bytes.
fn publish(times: u8, path: &Path) -> anyhow::Result<()> {
    for byte in 0..times {
        safe_state::publish(path, |file| (0..64).try_for_each(|_| file.write_all(&[byte; 4096])))?;
    }
    Ok(())
}

struct Storm {
    items: u64,
    save_every: u64,
    effects: Effects,
    dir: PathBuf,
    page: bool,
}

impl Storm {
    fn run(&mut self, kind: &str, durability: &str) -> anyhow::Result<()> {
        self.page = kind.starts_with("paged ");
        match (kind.trim_start_matches("paged "), durability) {
            ("function", "power") => power(self),
            ("function", "process") => process(self),
            ("future", "power") => block_on(power_async(self)),
            ("future", "process") => block_on(process_async(self)),
            ("carrying", "power") => power_carrying(self),
            ("carrying", "process") => process_carrying(self),
            ("bulky", "power") => bulky(self),
            ("queued", "process") => queued(self),
            ("keyed", "process") => keyed(self),
            ("sought", "process") => sought(self),
            ("job", "power") => self.job(Durability::Power),
            ("job", "process") => self.job(Durability::Process),
            other => anyhow::bail!("unknown: {other:?}"),
        }
    }

    fn job(&self, durability: Durability) -> anyhow::Result<()> {
        let job = Job::new("storm")
            .state_dir(&self.dir)
            .save_every(self.save_every)
            .durability(durability)
            .page(self.page);
        job.run(0..self.items, |item| Ok(self.effects.record(item)?))
    }
}

/// Defines one function with each durability, which only a literal can name.
// rustfmt would indent the attributes further each time it runs.
#[rustfmt::skip]
macro_rules! storm {
    ($name:ident, $name_async:ident, $name_carrying:ident, $durability:literal) => {
        #[resumable(
            name = "storm",
            state_dir = &storm.dir,
            save_every = storm.save_every,
            durability = $durability,
            page = storm.page
        )]
        fn $name(storm: &Storm) -> anyhow::Result<()> {
            for item in 0..storm.items {
                storm.effects.record(item)?;
            }
            Ok(())
        }

        #[resumable(
            name = "storm",
            state_dir = &storm.dir,
            save_every = storm.save_every,
            durability = $durability,
            page = storm.page
        )]
        async fn $name_async(storm: &Storm) -> anyhow::Result<()> {
            for item in 0..storm.items {
                storm.effects.record(item)?;
                tokio::task::yield_now().await;
            }
            Ok(())
        }

        #[resumable(
            name = "storm",
            state_dir = &storm.dir,
            save_every = storm.save_every,
            durability = $durability,
                    page = storm.page,
                    carry(sum)
        )]
        fn $name_carrying(storm: &Storm) -> anyhow::Result<()> {
            let mut sum = 0;
            for item in 0..storm.items {
                storm.effects.record(item)?;
                sum += item;
            }
            let right = storm.items * (storm.items - 1) / 2;
            anyhow::ensure!(sum == right, "the sum came out as {sum}, not {right}");
            Ok(())
        }
    };
}

storm!(power, power_async, power_carrying, "power");
storm!(process, process_async, process_carrying, "process");

/// Carries a value so large that every few items a new snapshot is written.
#[resumable(
    name = "storm",
    state_dir = &storm.dir,
    save_every = storm.save_every,
    carry(bulk)
)]
fn bulky(storm: &Storm) -> anyhow::Result<()> {
    let mut bulk = String::new();
    for item in 0..storm.items {
        storm.effects.record(item)?;
        anyhow::ensure!(bulk == bulk_before(item), "item {item} found another item's bulk");
        bulk = bulk_before(item + 1);
    }
    Ok(())
}

/// Takes its items from a worklist. Each item adds the item that comes behind all items in it.
#[resumable(
    name = "storm",
    state_dir = &storm.dir,
    save_every = storm.save_every,
    durability = "process",
    page = storm.page,
    carry(queue)
)]
fn queued(storm: &Storm) -> anyhow::Result<()> {
    let mut queue: Worklist<u64> = (0..50).collect();
    #[resume]
    while let Some(item) = queue.pop_front() {
        storm.effects.record(item)?;
        if item + 50 < storm.items {
            queue.push_back(item + 50);
        }
    }
    Ok(())
}

/// Knows its items by key.
#[resumable(
    name = "storm",
    state_dir = &storm.dir,
    save_every = storm.save_every,
    durability = "process",
    page = storm.page,
    key = |item| *item,
    carry(sum)
)]
fn keyed(storm: &Storm) -> anyhow::Result<()> {
    let mut sum = 0;
    for item in 0..storm.items {
        storm.effects.record(item)?;
        sum += item;
    }
    let right = storm.items * (storm.items - 1) / 2;
    anyhow::ensure!(sum == right, "the sum came out as {sum}, not {right}");
    Ok(())
}

/// Goes on behind a cursor, which now and then is too long for a page.
#[resumable(
    name = "storm",
    state_dir = &storm.dir,
    save_every = storm.save_every,
    durability = "process",
    page = storm.page,
    cursor = |item| (*item, "x".repeat(if item % 700 < 3 { 5_000 } else { 5 }))
)]
fn sought(storm: &Storm) -> anyhow::Result<()> {
    let after: Option<(u64, String)> = safe_state::cursor!();
    for item in after.map_or(0, |(item, _)| item + 1)..storm.items {
        storm.effects.record(item)?;
    }
    Ok(())
}

fn bulk_before(item: u64) -> String {
    item.to_string().repeat(if item == 0 { 0 } else { 1200 })
}

fn block_on<R>(future: impl Future<Output = anyhow::Result<R>>) -> anyhow::Result<R> {
    tokio::runtime::Builder::new_current_thread().build()?.block_on(future)
}

/// Converts one CSV file to another, with a running total.
#[resumable(name = "convert", state_dir = dir, save_every = every, carry(total), reconnect(output))]
fn convert(dir: &Path, input: impl BufRead, every: u64) -> anyhow::Result<u64> {
    let mut output = BufWriter::new(File::create(dir.join("output.csv"))?);
    let mut total = 0;
    for line in input.lines() {
        let line = line?;
        let (name, amount) = line.split_once(',').context("a line without a comma")?;
        total += amount.parse::<u64>()?;
        writeln!(output, "{},{amount},{total}", name.to_uppercase())?;
    }
    output.flush()?;
    Ok(total)
}

/// Has a loop with another in its last item, and one loop after it.
#[resumable(name = "bars", state_dir = dir, progress, fresh(fails_at))]
fn bars(dir: &Path, fails_at: u64) -> anyhow::Result<()> {
    #[resume]
    for item in 0..8_u64 {
        anyhow::ensure!(item != fails_at, "asked to fail");
        if item == 7 {
            #[resume]
            for _ in 0..3_u64 {}
        }
    }
    writeln!(safe_state::bars::stderr(), "beside the bars")?;
    #[resume]
    for _ in 0..2_u64 {}
    Ok(())
}

/// Says when it has completed the first of two items, and holds the job until its standard input ends.
#[resumable(name = "held", state_dir = dir)]
fn hold(dir: &Path) -> anyhow::Result<()> {
    for item in 0..2 {
        if item == 1 {
            println!("holding");
            stdin().read_to_end(&mut Vec::new())?;
        }
    }
    Ok(())
}

/// Holds the job `job` on the backend `backend`, until its standard input ends.
#[resumable(name = job, backend = Arc::clone(backend))]
fn hold_on(backend: &Arc<dyn Backend>, job: &str) -> anyhow::Result<()> {
    #[resume]
    for item in 0..2 {
        if item == 1 {
            println!("holding");
            stdin().read_to_end(&mut Vec::new())?;
        }
    }
    Ok(())
}

#[resumable(name = "held-gracefully", state_dir = dir, graceful, second_signal_after = "20ms")]
fn hold_gracefully(dir: &Path) -> anyhow::Result<()> {
    for _ in 0..2 {
        println!("holding");
        stdin().read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

#[resumable(name = "exits", state_dir = dir)]
fn exit(dir: &Path) -> anyhow::Result<()> {
    for item in 0..2 {
        if item == 1 {
            std::process::exit(5);
        }
    }
    Ok(())
}

/// Has its checkpoint in the default place.
#[resumable(name = "by-default", fresh(fails))]
fn by_default(fails: bool) -> anyhow::Result<()> {
    for item in 0..2 {
        println!("item {item}");
        anyhow::ensure!(item == 0 || !fails, "asked to fail");
    }
    Ok(())
}

/// Stands for another version of `aloud`, under the same name.
#[resumable(name = "aloud", verbose)]
fn aloud_changed() {
    for _ in 0..2 {}
}

#[resumable(name = "aloud", verbose, max_attempts = 2, fresh(fails))]
fn aloud(fails: bool) -> anyhow::Result<()> {
    for item in 0..2 {
        anyhow::ensure!(item == 0 || !fails, "asked to fail");
    }
    Ok(())
}
