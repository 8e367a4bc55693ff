//! Runs a job that nobody watches.

use std::hint::black_box;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rustix::process::{Signal, getpid, kill_process};
use safe_state::resumable;
use safe_state_tests::Effects;

fn main() -> Result<()> {
    let dir = PathBuf::from(std::env::args_os().nth(1).context("no directory")?);
    let effects = Effects::open(dir.join("effects"))?;
    import(&dir, &effects, 10_000)
}

#[resumable(
    name = "unattended",
    state_dir = dir,
    save_every = 100,
    durability = "process",
    max_crashes = 1,
    item_timeout = "2s",
    max_memory = "256MiB",
    grace_period = "300ms"
)]
fn import(dir: &std::path::Path, effects: &Effects, count: u64) -> Result<()> {
    #[resume]
    for item in 0..count {
        match item {
            // The first signal only makes Rust's own handler step aside.
            3000 => loop {
                kill_process(getpid(), Signal::SEGV)?;
            },
            6000 => loop {
                black_box(item);
            },
            9000 => drop((0..100).map(|_| black_box(vec![1_u8; 50 << 20])).collect::<Vec<_>>()),
            _ => effects.record(item)?,
        }
    }
    Ok(())
}
