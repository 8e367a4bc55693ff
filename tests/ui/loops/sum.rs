use safe_state::resumable;

#[resumable]
fn total(orders: &[u32]) -> u32 {
    orders.iter().map(|order| order * 2).sum()
}

fn main() {
    total(&[1]);
}
