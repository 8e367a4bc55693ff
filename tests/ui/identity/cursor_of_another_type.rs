use safe_state::{cursor, resumable};

#[resumable(cursor = |row| row.to_string())]
fn rows(input: &[u32]) {
    let after: u32 = cursor!().unwrap_or(0);
    for row in input.iter().filter(|row| **row > after) {
        let _ = row;
    }
}

fn main() {}
