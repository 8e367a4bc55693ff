use safe_state::{cursor, resumable};

#[resumable(key = |row| *row, cursor = |row| *row)]
fn rows(input: &[u32]) {
    for row in input.iter().skip(cursor!().unwrap_or(0)) {
        let _ = row;
    }
}

fn main() {}
