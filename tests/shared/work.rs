//! Defines the jobs that workers share.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use postgres::NoTls;
use safe_state::backend::Backend;
use safe_state::{Results, ahead, commit, resumable, step};
use safe_state_tests::remote;

/// The length of a lease on a network that a storm lets run out.
const SHORT_LEASE: Duration = Duration::from_secs(3);

/// The settings of a worker.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) url: String,
    pub(crate) dir: PathBuf,
    /// The name of the job, on a server that many tests share.
    pub(crate) name: String,
    pub(crate) items: u64,
    pub(crate) slices: u32,
}

impl Work {
    /// Runs the job `kind`, and returns its result as text.
    pub(crate) fn run(&self, kind: &str) -> Result<String> {
        match kind {
            "sum" => Ok(sum(self)?.to_string()),
            "results" => Ok(format!("{:?}", results(self)?)),
            "phases" => Ok(phases(self)?.to_string()),
            "slow" => Ok(slow(self)?.to_string()),
            "keyed" => Ok(keyed(self)?.to_string()),
            "poison" => Ok(poison(self)?.to_string()),
            "poison on threads" => poison_on_threads(self)
                .map(|()| (0..300).sum::<u64>() - 100)
                .map(|it| it.to_string()),
            "poison of futures" => smol::block_on(poison_of_futures(self))
                .map(|()| (0..300).sum::<u64>() - 100)
                .map(|it| it.to_string()),
            "shown" => shown(self).map(|()| String::new()),
            "shown-by-key" => shown_by_key(self).map(|()| String::new()),
            "verbose" => verbose(self).map(|()| String::new()),
            "future" => Ok(smol::block_on(future(self))?.to_string()),
            "stormed" => Ok(stormed(self)?.to_string()),
            "committed" => Ok(committed(self)?.to_string()),
            "threads" => threads(self).map(|()| String::new()),
            "futures" => smol::block_on(futures(self)).map(|()| String::new()),
            "parts" => Ok(format!("{:?}", parts(self)?)),
            "awaited parts" => Ok(format!("{:?}", smol::block_on(awaited_parts(self))?)),
            _ => anyhow::bail!("unknown: {kind}"),
        }
    }

    /// Returns the backend with leases that run out soon.
    fn soon_free(&self) -> Arc<dyn Backend> {
        remote::backend(&self.url, SHORT_LEASE)
    }

    /// Returns the name of the table that has a row for each item that is committed.
    pub(crate) fn table(&self) -> String {
        format!("shared_{}", self.name.replace(|it: char| !it.is_ascii_alphanumeric(), ""))
    }

    /// Notes in the ledger that something was done.
    pub(crate) fn note(&self, what: &str) -> Result<()> {
        let mut ledger =
            OpenOptions::new().append(true).create(true).open(self.dir.join("ledger"))?;
        Ok(ledger.write_all(format!("{what}\n").as_bytes())?)
    }

    /// Waits in the second half of a slice as [`wait`](Self::wait) does, so that a storm finds slices of which a part is done.
    fn wait_in_slice(&self, item: u64) -> Result<()> {
        let length = self.items / u64::from(self.slices);
        if item % length < length / 2 { Ok(()) } else { self.wait(item) }
    }

    /// Waits until the item may go on, if the file `released` says which items may.
    fn wait(&self, item: u64) -> Result<()> {
        while let Ok(released) = std::fs::read_to_string(self.dir.join("released"))
            && item >= released.parse()?
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

#[resumable(
    name = format!("sum-{}", work.name), shared, slices = work.slices, backend = work.url.as_str(),
    durability = "process", carry(total, merge = |a, b| a + b, from = 0)
)]
fn sum(work: &Work) -> Result<u64> {
    let mut total = 1000;
    for item in 0..work.items {
        work.wait(item)?;
        work.note(&item.to_string())?;
        std::thread::sleep(Duration::from_micros(300));
        total += item;
    }
    Ok(total)
}

/// An item that can't be cloned.
#[derive(serde::Serialize)]
struct Owned(u64);

#[resumable(
    name = "results", shared, slices = work.slices, backend = work.url.as_str(),
    durability = "process", carry(squares), fresh(work)
)]
fn results(work: &Work) -> Result<Vec<u64>> {
    let items: Vec<Owned> = (0..work.items).map(Owned).collect();
    let mut squares = Results::new();
    for item in items {
        work.note(&item.0.to_string())?;
        std::thread::sleep(Duration::from_micros(300));
        squares.push(item.0 * item.0);
    }
    Ok(squares.into())
}

/// Adds up items that come in another order in each process.
#[resumable(
    name = "keyed", shared, slices = work.slices, backend = work.url.as_str(), key = |it| *it,
    durability = "process", carry(total, merge = |a, b| a + b, from = 0)
)]
fn keyed(work: &Work) -> Result<u64> {
    let items: HashSet<u64> = (0..work.items).collect();
    let mut total = 1000;
    #[resume]
    for item in items {
        work.note(&item.to_string())?;
        std::thread::sleep(Duration::from_micros(300));
        total += item;
    }
    Ok(total)
}

#[resumable(
    name = "phases", shared, slices = 8, backend = work.url.as_str(),
    durability = "process", carry(sum, merge = |a, b| a + b, longest, merge = |a: u64, b| a.max(b))
)]
fn phases(work: &Work) -> Result<u64> {
    let mut sum = 0_u64;
    let mut longest = 0_u64;
    let factor: u64 = step!("factor", {
        work.note("factor")?;
        3
    });
    #[resume]
    for item in 0..work.items {
        work.note(&item.to_string())?;
        sum += factor * item;
    }
    work.note(&format!("between {sum}"))?;
    #[resume]
    for item in 0..sum % 100 {
        work.note(&format!("second {item}"))?;
        longest = longest.max(item);
        sum += 1;
    }
    let last: () = step!("last", work.note("last")?);
    let () = last;
    Ok(sum * 1000 + longest)
}

#[resumable(
    name = "future", shared, slices = 8, backend = work.url.as_str(),
    durability = "process", carry(total, merge = |a, b| a + b)
)]
async fn future(work: &Work) -> Result<u64> {
    let mut total = 7_u64;
    let factor: u64 = step!("factor", {
        work.note("factor")?;
        smol::Timer::after(Duration::from_millis(1)).await;
        2
    });
    for item in 0..work.items {
        work.note(&item.to_string())?;
        smol::Timer::after(Duration::from_micros(200)).await;
        total += factor * item;
    }
    Ok(total)
}

#[resumable(
    name = "poison", shared, slices = 4, backend = work.url.as_str(),
    durability = "process", max_crashes = 2, carry(total, merge = |a, b| a + b)
)]
fn poison(work: &Work) -> Result<u64> {
    let mut total = 0;
    for item in 0..work.items {
        work.note(&item.to_string())?;
        if item == 100 {
            std::process::abort();
        }
        total += item;
    }
    Ok(total)
}

#[resumable(
    name = "poison", shared, slices = 4, backend = work.url.as_str(), durability = "process", max_crashes = 2, threads = 3
)]
fn poison_on_threads(work: &Work) -> Result<()> {
    for item in 0..work.items {
        work.note(&item.to_string())?;
        if item == 100 {
            std::process::abort();
        }
    }
    Ok(())
}

#[resumable(
    name = "poison", shared, slices = 4, backend = work.url.as_str(), durability = "process", max_crashes = 2,
    concurrency = 3
)]
async fn poison_of_futures(work: &Work) -> Result<()> {
    for item in 0..work.items {
        work.note(&item.to_string())?;
        if item == 100 {
            std::process::abort();
        }
    }
    Ok(())
}

/// Adds up items that wait for something else, which is where several workers help on few cores.
#[resumable(
    name = "slow", shared, slices = work.slices, backend = work.url.as_str(),
    durability = "process", carry(total, merge = |a, b| a + b)
)]
fn slow(work: &Work) -> Result<u64> {
    let mut total = 0;
    for item in 0..work.items {
        std::thread::sleep(Duration::from_millis(5));
        total += item;
    }
    Ok(total)
}

#[resumable(
    name = "shown", shared, slices = work.slices, backend = work.url.as_str(), progress_lines = "1ns", summary, fresh(work)
)]
fn shown(work: &Work) -> Result<()> {
    for item in 0..work.items {
        work.note(&item.to_string())?;
    }
    Ok(())
}

#[resumable(
    name = "shown", shared, slices = work.slices, backend = work.url.as_str(), progress_lines = "1ns", summary, fresh(work),
    key = |it| *it
)]
fn shown_by_key(work: &Work) -> Result<()> {
    for item in 0..work.items {
        work.note(&item.to_string())?;
    }
    Ok(())
}

/// Fails in the third slice that a worker does.
#[resumable(
    name = "verbose", shared, slices = work.slices, backend = work.url.as_str(), verbose, fresh(work)
)]
fn verbose(work: &Work) -> Result<()> {
    for item in 0..work.items {
        let done = std::fs::read_to_string(work.dir.join("ledger")).unwrap_or_default();
        anyhow::ensure!(done.lines().count() < 7, "enough");
        work.note(&item.to_string())?;
    }
    Ok(())
}

/// The same as `sum`, with leases that run out soon.
#[resumable(
    name = format!("sum-{}", work.name), shared, slices = work.slices, backend = work.soon_free(),
    durability = "process", carry(total, merge = |a, b| a + b, from = 0)
)]
fn stormed(work: &Work) -> Result<u64> {
    let mut total = 1000;
    for item in 0..work.items {
        work.wait_in_slice(item)?;
        work.note(&item.to_string())?;
        std::thread::sleep(Duration::from_micros(300));
        total += item;
    }
    Ok(total)
}

/// Commits a row for each item, with the worker that has done it.
#[resumable(
    name = format!("sum-{}", work.name), shared, slices = work.slices, backend = work.soon_free(),
    durability = "process", carry(total, merge = |a, b| a + b, from = 0), fresh(client)
)]
fn committed(work: &Work) -> Result<u64> {
    let mut client = postgres::Client::connect(&work.url, NoTls)?;
    let insertion = format!("INSERT INTO {} (item, worker) VALUES ($1, $2)", work.table());
    let mut total = 1000;
    #[resume]
    for item in 0..work.items {
        work.wait_in_slice(item)?;
        let mut tx = client.transaction()?;
        let (row, worker) = (i64::try_from(item)?, i64::from(std::process::id()));
        tx.execute(&insertion, &[&row, &worker])?;
        work.note(&item.to_string())?;
        total += item;
        commit!(tx)?;
    }
    Ok(total)
}

/// Does the items of a slice on threads.
#[resumable(
    name = "threads", shared, slices = work.slices, backend = work.url.as_str(), durability = "process", threads = 4
)]
fn threads(work: &Work) -> Result<()> {
    for item in 0..work.items {
        work.note(&item.to_string())?;
        std::thread::sleep(Duration::from_micros(500));
    }
    Ok(())
}

/// Does the items of a slice, which come in another order in each process, as futures.
#[resumable(
    name = "futures", shared, slices = work.slices, backend = work.url.as_str(), durability = "process", concurrency = 4,
    key = |it| *it
)]
async fn futures(work: &Work) -> Result<()> {
    let items: HashSet<u64> = (0..work.items).collect();
    #[resume]
    for item in items {
        work.note(&item.to_string())?;
        smol::Timer::after(Duration::from_micros(500)).await;
    }
    Ok(())
}

/// Does a part of each item on threads, and the rest in order.
#[resumable(
    name = "parts", shared, slices = work.slices, backend = work.url.as_str(), durability = "process", threads = 4,
    carry(squares, total, merge = |a, b| a + b, from = 0)
)]
fn parts(work: &Work) -> Result<(Vec<u64>, u64)> {
    let mut squares = Results::new();
    let mut total = 1000;
    for item in 0..work.items {
        let square = ahead!({
            work.note(&item.to_string())?;
            std::thread::sleep(Duration::from_micros(500));
            item * item
        });
        squares.push(square);
        total += item;
    }
    Ok((squares.into(), total))
}

/// Does a part of each item as a future, and the rest in order.
#[resumable(
    name = "parts", shared, slices = work.slices, backend = work.url.as_str(), durability = "process", concurrency = 4,
    carry(squares, total, merge = |a, b| a + b, from = 0)
)]
async fn awaited_parts(work: &Work) -> Result<(Vec<u64>, u64)> {
    let mut squares = Results::new();
    let mut total = 1000;
    for item in 0..work.items {
        let square = ahead!({
            work.note(&item.to_string())?;
            smol::Timer::after(Duration::from_micros(500)).await;
            item * item
        });
        squares.push(square);
        total += item;
    }
    Ok((squares.into(), total))
}
