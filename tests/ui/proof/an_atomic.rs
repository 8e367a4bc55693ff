use std::sync::atomic::{AtomicU64, Ordering};

use safe_state::resumable;

#[resumable]
fn total(numbers: &[u64]) -> u64 {
    let total = AtomicU64::new(0);
    for number in numbers {
        total.fetch_add(*number, Ordering::Relaxed);
    }
    total.into_inner()
}

fn main() {
    total(&[1]);
}
