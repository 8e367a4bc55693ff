use safe_state::{cursor, resumable};

#[resumable]
fn rows(input: &[u32]) {
    for row in input.iter().skip(cursor!().unwrap_or(0)) {
        let _ = row;
    }
}

fn main() {}
