//! Adds up the sums in a file, one a line, such as `(1 (2 3) 4)`, by a parser that recurses. A line that is nested
//! deeply enough overflows the stack, which nothing in the program can catch. The guard tells which line it was, and
//! the total of the lines before it.
//!
//! ```text
//! cargo run --features guard --example rescue -- sums.txt
//! cargo run --features guard --example rescue -- sums.txt --autosave sums.autosave     # survives a loss of power as well
//! cargo run --features guard --example rescue -- --recover sums.autosave
//! ```

use std::fs;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use safe_state::guard::{Data, Ended, Guard, Rescue, recover};

/// Adds up the sums in a file.
#[derive(Parser)]
struct Options {
    /// The file with the sums.
    #[arg(required_unless_present = "recover")]
    file: Option<PathBuf>,
    /// Keep what is known in this file, too.
    #[arg(long)]
    autosave: Option<PathBuf>,
    /// Tell what this file knows, instead of adding up.
    #[arg(long, conflicts_with = "file")]
    recover: Option<PathBuf>,
}

fn main() -> Result<Ended> {
    // The guarded process and its guard both come here, so nothing is done before the guard but to read the options.
    let options = Options::parse();
    if let Some(path) = options.recover {
        recover(path, tell)?;
        std::process::exit(0);
    }
    let file = options.file.context("no file")?;
    let mut guard = Guard::new("sums").rescue(tell);
    if let Some(path) = options.autosave {
        guard = guard.autosave(path, Duration::from_secs(1));
    }
    Ok(guard.run(|data| add_up(&file, data))?)
}

fn add_up(file: &Path, data: &Data) -> Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut total = 0;
    for (number, line) in (1_u64..).zip(text.lines()) {
        data.insert("line", number)?;
        total += sum(&mut line.chars().peekable())?;
        data.insert("total", total)?;
    }
    println!("{total}");
    Ok(())
}

/// Adds up the numbers and the sums in parentheses.
fn sum(chars: &mut Peekable<Chars<'_>>) -> Result<u64> {
    let mut total = 0;
    while let Some(char) = chars.next() {
        match char {
            '(' => total += sum(chars)?,
            ')' => return Ok(total),
            ' ' => {}
            digit => {
                ensure!(digit.is_ascii_digit(), "{digit:?} is no digit");
                let mut number = digit.to_digit(10).map_or(0, u64::from);
                while let Some(digit) = chars.peek().and_then(|digit| digit.to_digit(10)) {
                    number = number * 10 + u64::from(digit);
                    chars.next();
                }
                total += number;
            }
        }
    }
    Ok(total)
}

fn tell(rescue: &Rescue) -> Result<()> {
    let data = rescue.data();
    let line: u64 = data.get("line")?.unwrap_or(0);
    let total: u64 = data.get("total")?.unwrap_or(0);
    println!("line {line}: {}", rescue.cause());
    println!("the lines before it come to {total}");
    // The innermost call may be one of the standard library's.
    let is_ours = |(file, _): (&Path, u32)| file.ends_with(file!());
    let mut stack = rescue.cause().stack().iter();
    if let Some(frame) = stack.find(|frame| frame.place().is_some_and(is_ours)) {
        println!("it was in {frame}");
    }
    Ok(())
}
