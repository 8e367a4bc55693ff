//! Runs a job with two reconnected outputs, which tests kill: `outputs STATE_DIR OUTPUT_DIR ITEMS SAVE_EVERY
//! DURABILITY`.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use safe_state::resumable;

#[resumable(name = "power", state_dir = state, reconnect(rows, log), save_every = every, keep_on_success, fresh(every))]
fn power(state: &Path, to: &Path, items: u64, every: u64) -> Result<(), Box<dyn Error>> {
    let mut rows: BufWriter<File> = {
        let mut rows = BufWriter::new(File::create(to.join("rows"))?);
        writeln!(rows, "item")?;
        rows
    };
    let mut log: File = File::options().append(true).create(true).open(to.join("log"))?;
    for item in 0..items {
        println!("{item}");
        one(item, &mut rows, &mut log)?;
    }
    rows.flush()?;
    Ok(())
}

#[resumable(name = "process", state_dir = state, reconnect(rows, log), save_every = every, durability = "process", keep_on_success, fresh(every))]
fn process(state: &Path, to: &Path, items: u64, every: u64) -> Result<(), Box<dyn Error>> {
    let mut rows: BufWriter<File> = {
        let mut rows = BufWriter::new(File::create(to.join("rows"))?);
        writeln!(rows, "item")?;
        rows
    };
    let mut log: File = File::options().append(true).create(true).open(to.join("log"))?;
    for item in 0..items {
        println!("{item}");
        one(item, &mut rows, &mut log)?;
    }
    rows.flush()?;
    Ok(())
}

/// Writes an item in parts, so that a kill may come between them.
fn one(item: u64, rows: &mut BufWriter<File>, log: &mut File) -> std::io::Result<()> {
    write!(rows, "{item}")?;
    write!(log, "did ")?;
    if item.is_multiple_of(3) {
        rows.flush()?;
    }
    writeln!(rows, ",{}", "x".repeat(usize::try_from(item * 37 % 900).unwrap_or_default()))?;
    writeln!(log, "{item}")
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [state, to, items, every, durability] = arguments.as_slice() else {
        return Err("outputs STATE_DIR OUTPUT_DIR ITEMS SAVE_EVERY DURABILITY".into());
    };
    let job = if durability == "power" { power } else { process };
    job(Path::new(state), Path::new(to), items.parse()?, every.parse()?)
}
