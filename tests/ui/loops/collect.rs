use safe_state::resumable;

#[resumable]
fn doubled(orders: Vec<u32>) -> Vec<u32> {
    orders.into_iter().map(|order| order * 2).collect()
}

fn main() {
    doubled(vec![1]);
}
