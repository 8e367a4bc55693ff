use std::cell::Cell;

use safe_state::{resumable, step};

#[resumable(carry(total))]
fn sum(rows: Vec<u32>) -> std::io::Result<u32> {
    let total = Cell::new(0);
    for row in rows {
        total.set(total.get() + row);
    }
    Ok(step!("sum", total.get()))
}

fn main() {
    drop(sum(Vec::new()));
}
