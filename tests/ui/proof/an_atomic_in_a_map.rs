use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use safe_state::resumable;

#[resumable]
fn count(orders: &[u64]) -> anyhow::Result<u64> {
    let counts: HashMap<u64, AtomicU64> = orders.iter().map(|it| (*it, AtomicU64::new(0))).collect();
    for order in orders {
        counts[order].fetch_add(1, Relaxed);
    }
    Ok(counts.values().map(|it| it.load(Relaxed)).max().unwrap_or(0))
}

fn main() {
    count(&[]).unwrap();
}
