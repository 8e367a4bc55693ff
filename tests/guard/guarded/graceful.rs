//! Runs a graceful job in the job of a guard.

use std::path::Path;
use std::thread;
use std::time::Duration;

use safe_state::guard::{Ended, Guard, GuardError};
use safe_state::resumable;

pub(crate) fn run(dir: &str, millis: &str) -> Result<Ended, GuardError> {
    let millis = Duration::from_millis(millis.parse().expect("a number"));
    Guard::new("graceful").run(|_| job(Path::new(dir), millis))
}

#[resumable(name = "asked", state_dir = dir, save_every = 1_000_000, durability = "process", graceful, fresh(millis))]
fn job(dir: &Path, millis: Duration) -> anyhow::Result<()> {
    for item in 0..1_000_000 {
        println!("item {item}");
        thread::sleep(millis);
    }
    Ok(())
}
