use std::sync::atomic::{AtomicU64, Ordering};

use safe_state::resumable;

#[resumable]
fn count(numbers: &[u64]) -> u64 {
    let counts = [AtomicU64::new(0), AtomicU64::new(0)];
    for number in numbers {
        counts[0].fetch_add(*number, Ordering::Relaxed);
    }
    counts[0].load(Ordering::Relaxed)
}

fn main() {
    count(&[]);
}
