use safe_state::resumable;

macro_rules! total {
    ($name:ident) => {
        let mut $name = 0;
    };
}

#[resumable(carry(sum))]
fn add(orders: &[u64]) -> anyhow::Result<u64> {
    total!(sum);
    for order in orders {
        sum += order;
    }
    Ok(sum)
}

fn main() {
    add(&[]).unwrap();
}
