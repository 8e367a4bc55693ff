//! A run in a process of its own, which it may ask to be killed.

mod job;
mod plan;

use std::fs::File;
use std::path::Path;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, kind, run] = arguments.as_slice() else { anyhow::bail!("unknown: {arguments:?}") };
    let dir = Path::new(dir);
    let ended = job::run(dir, serde_json::from_str(kind)?, &serde_json::from_str(run)?);
    Ok(serde_json::to_writer(File::create(dir.join("ended"))?, &ended)?)
}
