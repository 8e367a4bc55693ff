use std::sync::atomic::{AtomicU64, Ordering};

use safe_state::resumable;

#[resumable]
fn sum(orders: &[u64]) -> u64 {
    let total = AtomicU64::new(0);
    let add = |order: u64| total.fetch_add(order, Ordering::Relaxed);
    let twice = |order: &u64| add(*order) + add(*order);
    for order in orders {
        twice(order);
    }
    total.into_inner()
}

fn main() {
    sum(&[]);
}
