use safe_state::{cursor, resumable};

#[resumable(cursor = |row| **row)]
fn rows(input: &[u32]) {
    let after = cursor!().unwrap_or(0);
    for row in input.iter().filter(|row| **row > after) {
        let _ = row;
    }
    let _: Option<u32> = cursor!();
}

fn main() {}
