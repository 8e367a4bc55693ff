use safe_state::{cursor, resumable};

#[resumable(cursor = |row| **row)]
fn rows(input: &[u32]) {
    let after = || cursor!();
    let after: u32 = cursor!().or_else(after).unwrap_or(0);
    for row in input.iter().filter(|row| **row > after) {
        let _ = row;
    }
}

fn main() {}
