use safe_state::resumable;

#[resumable]
fn total(orders: &[u32]) -> u32 {
    orders.len() as u32
}

fn main() {
    total(&[1]);
}
