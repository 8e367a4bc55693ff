//! Does a run in a process of its own, which may kill itself.

mod job;
mod plan;
#[path = "retried/job.rs"]
mod retried;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [job, dir, kind, run] = arguments.as_slice() else {
        anyhow::bail!("unknown: {arguments:?}")
    };
    let dir = Path::new(dir);
    let ended = match job.as_str() {
        "any" => serde_json::to_vec(&job::run(
            dir,
            serde_json::from_str(kind)?,
            &serde_json::from_str(run)?,
        ))?,
        _ => serde_json::to_vec(&retried::run(
            dir,
            serde_json::from_str(kind)?,
            &serde_json::from_str(run)?,
        ))?,
    };
    Ok(std::fs::write(dir.join("ended"), ended)?)
}
