use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use safe_state::resumable;

fn next(input: &mut impl BufRead, line: &mut String) -> io::Result<Option<usize>> {
    let read = input.read_line(line)?;
    Ok((read > 0).then_some(read))
}

/// The head is asked again for complete items, and the lines pile up.
#[resumable(fresh(input, line))]
fn lines(path: &Path) -> anyhow::Result<()> {
    let mut input = BufReader::new(File::open(path)?);
    let mut line = String::new();
    #[resume]
    while let Some(_) = next(&mut input, &mut line)? {
        println!("{line}");
        line.clear();
    }
    Ok(())
}

fn main() {
    let _ = lines(Path::new(""));
}
