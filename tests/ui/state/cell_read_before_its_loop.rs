use std::cell::Cell;

use safe_state::resumable;

#[resumable(carry(total))]
fn sum(numbers: &[u64]) -> u64 {
    let total = Cell::new(10);
    let before = total.get();
    for number in numbers {
        total.set(total.get() + number);
    }
    total.get() - before
}

fn main() {
    sum(&[1]);
}
