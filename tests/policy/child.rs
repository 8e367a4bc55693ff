//! A run in a process of its own, which may be killed.

use std::path::Path;

use anyhow::{Result, bail};
use safe_state::{Backoff, resumable};
use safe_state_tests::Effects;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["pauses", dir] => {
            pauses(Path::new(dir), &Effects::open(Path::new(dir).join("effects"))?, &[0, 1, 2, 3])
        }
        other => bail!("unknown: {other:?}"),
    }
}

#[resumable(name = "pauses", state_dir = dir, save_every = 100, max_attempts = 3, backoff = Backoff::constant("1h"))]
fn pauses(dir: &Path, effects: &Effects, items: &[u64]) -> Result<()> {
    for item in items {
        effects.record(*item)?;
        anyhow::ensure!(*item != 2, "not yet");
    }
    Ok(())
}
