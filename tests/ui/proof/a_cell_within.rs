use std::cell::Cell;

use safe_state::resumable;

struct Stats {
    total: Cell<u64>,
}

#[resumable]
fn total(numbers: &[u64]) -> u64 {
    let stats = Stats { total: Cell::new(0) };
    for number in numbers {
        stats.total.set(stats.total.get() + number);
    }
    stats.total.get()
}

fn main() {
    total(&[1]);
}
