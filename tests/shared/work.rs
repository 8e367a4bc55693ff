//! Defines the jobs that workers share.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use safe_state::{Results, resumable, step};

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
            "shown" => shown(self).map(|()| String::new()),
            "shown-by-key" => shown_by_key(self).map(|()| String::new()),
            "verbose" => verbose(self).map(|()| String::new()),
            "future" => Ok(smol::block_on(future(self))?.to_string()),
            _ => anyhow::bail!("unknown: {kind}"),
        }
    }

    /// Notes in the ledger that something was done.
    pub(crate) fn note(&self, what: &str) -> Result<()> {
        let mut ledger =
            OpenOptions::new().append(true).create(true).open(self.dir.join("ledger"))?;
        Ok(ledger.write_all(format!("{what}\n").as_bytes())?)
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
