//! A file that an item makes when it first needs it is made again, and emptied, in a resumed run.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;

use safe_state::resumable;

#[resumable(fresh(files))]
fn by_key(rows: &[u64]) -> anyhow::Result<()> {
    let mut files: HashMap<u64, File> = HashMap::new();
    #[resume]
    for row in rows {
        let out = files
            .entry(row % 7)
            .or_insert_with(|| File::create(format!("{}.txt", row % 7)).unwrap());
        writeln!(out, "{row}")?;
    }
    Ok(())
}

#[resumable(fresh(out))]
fn once(rows: &[u64]) -> anyhow::Result<()> {
    let mut out: Option<File> = None;
    #[resume]
    for row in rows {
        if out.is_none() {
            out = Some(File::create("out.txt")?);
        }
        writeln!(out.as_mut().unwrap(), "{row}")?;
    }
    Ok(())
}

// These stay as they are.

#[resumable(fresh(files))]
fn appended(rows: &[u64]) -> anyhow::Result<()> {
    let mut files: HashMap<u64, File> = HashMap::new();
    #[resume]
    for row in rows {
        let open = OpenOptions::new().create(true).append(true).open(format!("{}.txt", row % 7))?;
        let out = files.entry(row % 7).or_insert(open);
        writeln!(out, "{row}")?;
    }
    Ok(())
}

fn main() {}
