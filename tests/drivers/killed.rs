//! Runs a job in a process that is killed in mid-job: `killed DRIVER FOLDER URL ITEM`.

use std::path::Path;

use anyhow::Context;
use safe_state_drivers::{Stop, run};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [driver, dir, url, item] = arguments.as_slice() else { anyhow::bail!("{arguments:?}") };
    let stop = Stop::Kill(item.parse().context("the item is no number")?);
    run(driver, Path::new(dir), url, stop).map(|rows| println!("{rows:?}"))
}
