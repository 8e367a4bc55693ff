//! Runs jobs as a batch system runs them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use safe_state::{resumable, stop};
use safe_state_tests::Effects;

fn main() -> ExitCode {
    safe_state::exit_code(run())
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, dir] = arguments.as_slice() else { bail!("unknown: {arguments:?}") };
    let dir = PathBuf::from(dir);
    let effects = Effects::open(dir.join("effects"))?;
    let work = Work { effects, dir, version: 1 };
    match kind.as_str() {
        "plain" => plain(&work),
        "one" => one(&work),
        "constant" => constant(&work),
        "versioned" => versioned(&work),
        "twice" => plain(&work).and_then(|()| plain(&work)),
        "held" => held(&work),
        "graceful" => graceful(&work),
        "timed" => timed(&work),
        "beside" => beside(&work),
        "unlimited" => unlimited(&work),
        "warned" => warned(&work),
        "stops" => stops(&work),
        "limited" => limited(&work),
        "leaves" => leaves(&work),
        "late" => late(&work),
        "ignores" => {
            // The program fails for another reason, after a run that was asked to stop.
            let _ = stops(&work);
            bail!("on its own account")
        }
        "last" => last(&work.dir),
        "fails" => bail!("on its own account"),
        "numbered" => numbered(&work),
        "shared" => {
            let total = shared(&work)?;
            let path = work.dir.join(format!("returned-{}", std::process::id()));
            Ok(std::fs::write(path, total.to_string())?)
        }
        other => bail!("unknown: {other}"),
    }
}

/// The effects of the items, and where the job is stored.
struct Work {
    effects: Effects,
    dir: PathBuf,
    version: u32,
}

impl Work {
    fn item(&self, item: u64, millis: u64) -> Result<()> {
        self.effects.record(item)?;
        println!("item {item}");
        let said = std::env::var("MILLIS").ok().and_then(|it| it.parse().ok());
        thread::sleep(Duration::from_millis(said.unwrap_or(millis)));
        Ok(())
    }

    fn place(&self) -> &Path {
        &self.dir
    }
}

#[resumable(name = "engine", state_dir = work.place(), durability = "process")]
fn plain(work: &Work) -> Result<()> {
    for item in 0..5 {
        work.item(item, 0)?;
    }
    Ok(())
}

/// Waits without listening to signals at its first start, so that a warning kills it; ends well at its next.
fn late(work: &Work) -> Result<()> {
    let marker = work.dir.join("started");
    if !marker.exists() {
        std::fs::write(marker, "")?;
        println!("item none");
        thread::sleep(Duration::from_secs(3600));
    }
    Ok(())
}

/// Notes its start as a task of an array of four. The last task asks to be run again, once the others have ended.
fn last(dir: &Path) -> Result<()> {
    let task = std::env::var("SLURM_ARRAY_TASK_ID")?;
    let restarts = std::env::var("SLURM_RESTART_COUNT").unwrap_or_else(|_| "0".to_owned());
    let starts = dir.join("starts");
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&starts)?;
    std::io::Write::write_all(&mut file, format!("{task} {restarts}\n").as_bytes())?;
    if task == "3" && restarts == "0" {
        while !dir.join("others").exists() {
            thread::sleep(Duration::from_millis(10));
        }
        std::process::exit(75);
    }
    Ok(())
}

#[resumable(name = "engine-1", state_dir = work.place(), durability = "process")]
fn one(work: &Work) -> Result<()> {
    for item in 0..5 {
        work.item(item, 0)?;
    }
    Ok(())
}

const NAME: &str = "engine-1";

#[resumable(name = NAME, state_dir = work.place(), durability = "process")]
fn constant(work: &Work) -> Result<()> {
    for item in 0..5 {
        work.item(item, 0)?;
    }
    Ok(())
}

#[resumable(
    name = format!("engine-v{}", work.version), state_dir = work.place(), durability = "process"
)]
fn versioned(work: &Work) -> Result<()> {
    for item in 0..5 {
        work.item(item, 0)?;
    }
    Ok(())
}

#[resumable(name = "engine", state_dir = work.place(), durability = "process")]
fn held(work: &Work) -> Result<()> {
    for item in 0..1_000_000 {
        work.item(item, 20)?;
    }
    Ok(())
}

#[resumable(
    name = format!("engine-{}", std::env::var("SLURM_ARRAY_TASK_ID").unwrap_or_default()), state_dir = work.place(), durability = "process"
)]
fn numbered(work: &Work) -> Result<()> {
    for item in 0..5 {
        work.item(item, 0)?;
    }
    Ok(())
}

#[resumable(name = "engine", state_dir = work.place(), durability = "process", save_every = 1_000_000, graceful, verbose)]
fn graceful(work: &Work) -> Result<()> {
    for item in 0..1_000_000 {
        work.item(item, 1)?;
    }
    Ok(())
}

#[resumable(
    name = "engine", state_dir = work.place(), durability = "process", save_every = 1_000_000, graceful,
    grace_period = "50s", verbose
)]
fn timed(work: &Work) -> Result<()> {
    for item in 0..1_000_000 {
        work.item(item, 1)?;
    }
    Ok(())
}

#[resumable(
    name = "engine", state_dir = work.place(), durability = "process", save_every = 1_000_000, graceful, timeout = "30d"
)]
fn beside(work: &Work) -> Result<()> {
    for item in 0..51 {
        work.item(item, if item == 50 { 600_000 } else { 0 })?;
    }
    Ok(())
}

#[resumable(name = "engine", state_dir = work.place(), durability = "process", save_every = 1_000_000, graceful)]
fn unlimited(work: &Work) -> Result<()> {
    for item in 0..51 {
        work.item(item, if item == 50 { 600_000 } else { 0 })?;
    }
    Ok(())
}

#[resumable(
    name = "engine", state_dir = work.place(), durability = "process", save_every = 1_000_000, graceful = "USR1,USR2,XCPU,TERM"
)]
fn warned(work: &Work) -> Result<()> {
    for item in 0..1_000_000 {
        work.item(item, 20)?;
    }
    Ok(())
}

#[resumable(name = "engine", state_dir = work.place(), durability = "process")]
fn stops(work: &Work) -> Result<()> {
    for item in 0..5 {
        work.item(item, 0)?;
        if item == 2 {
            return Err(stop!("the tape is full"));
        }
    }
    Ok(())
}

#[resumable(name = "engine", state_dir = work.place(), durability = "process", timeout = "100ms")]
fn limited(work: &Work) -> Result<()> {
    for item in 0..30 {
        work.item(item, 20)?;
    }
    Ok(())
}

#[resumable(
    name = "engine", state_dir = work.place(), durability = "process", shared, slices = 1, on_idle = "leave",
)]
fn leaves(work: &Work) -> Result<()> {
    for item in 0..1_000 {
        work.item(item, 5)?;
    }
    Ok(())
}

/// Adds up its items, with a grace period that is little shorter than a limit of one minute, so that it stops soon
/// after it began.
#[resumable(
    name = "engine", state_dir = work.place(), durability = "process", shared, slices = 32, graceful = "TERM,USR1",
    grace_period = "52s", carry(total, merge = |a, b| a + b)
)]
fn shared(work: &Work) -> Result<u64> {
    let mut total = 1000_u64;
    let count: u64 = std::env::var("ITEMS").context("how many")?.parse()?;
    for item in 0..count {
        work.item(item, 10)?;
        total += item;
    }
    Ok(total)
}
