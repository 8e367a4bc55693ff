use std::io::{BufRead, Lines, Result};

use safe_state::resumable;

#[resumable(fresh(lines))]
fn send(mut lines: Lines<impl BufRead>) -> Result<()> {
    #[resume(threads = 2)]
    while let Some(line) = lines.next().transpose()? {
        println!("{line}");
    }
    Ok(())
}

struct Rows;

impl Rows {
    async fn next(&mut self) -> Option<Result<u64>> {
        None
    }
}

#[resumable(fresh(rows))]
async fn print(mut rows: Rows) {
    #[resume(concurrency = 2)]
    while let Some(row) = match rows.next().await {
        Some(Ok(row)) => Some(row),
        Some(Err(_)) => return,
        None => None,
    } {
        println!("{row}");
    }
}

fn main() {}
