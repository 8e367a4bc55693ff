//! Runs a guard that saves its data to a file.

use std::io::{self, Write};
use std::process;
use std::time::Duration;

use safe_state::guard::{Data, Ended, Guard, GuardError};

use crate::{ending, storm, tell};

/// Saves the data every millisecond, and rescues it in the way `how`.
pub(crate) fn run(path: &str, how: &str) -> Result<Ended, GuardError> {
    Guard::new("saved")
        .autosave(path, Duration::from_millis(1))
        .rescue(|rescue| {
            tell(rescue);
            match how {
                "rescue-fails" => anyhow::bail!("asked to fail"),
                "rescue-panics" => panic!("asked to panic"),
                _ => Ok(()),
            }
        })
        .run(|data| job(data, how))
}

fn job(data: &Data, how: &str) -> anyhow::Result<()> {
    match how {
        "rescue-fails" | "rescue-panics" => ending::job(data, "kill"),
        "storm" => storm::publish(data, 0, 100_000),
        "wait" => {
            data.insert("at", 1)?;
            println!("waiting {}", process::id());
            io::stdin().read_line(&mut String::new())?;
            data.insert("at", 2)?;
            println!("waiting {}", process::id());
            io::stdout().flush()?;
            io::stdin().read_line(&mut String::new())?;
            process::exit(3)
        }
        how => ending::job(data, how),
    }
}
