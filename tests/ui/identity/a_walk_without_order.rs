use std::path::Path;

use safe_state::resumable;
use walkdir::WalkDir;

#[resumable]
fn list(folder: &Path) -> Result<(), walkdir::Error> {
    for entry in WalkDir::new(folder).into_iter().filter_entry(|entry| entry.depth() < 3) {
        println!("{}", entry?.path().display());
    }
    Ok(())
}

fn main() {}
