use safe_state::{checkpoint, resumable};

#[resumable(manual, carry(sum), item_timeout = "30s")]
fn add(items: &[u64]) -> u64 {
    let mut sum = 0;
    for item in items {
        sum += item;
        checkpoint!();
    }
    sum
}

fn main() {
    let _ = add(&[1]);
}
