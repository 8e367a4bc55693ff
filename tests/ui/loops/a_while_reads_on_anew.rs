use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use safe_state::resumable;

/// Each run begins at the first line, and nothing of it is passed over.
#[resumable(carry(line), fresh(input))]
fn condition(path: &Path) -> anyhow::Result<()> {
    let mut input = BufReader::new(File::open(path)?);
    let mut line = String::new();
    #[resume]
    while input.read_line(&mut line)? > 0 {
        println!("{line}");
        line.clear();
    }
    Ok(())
}

fn main() {
    let _ = condition(Path::new(""));
}
