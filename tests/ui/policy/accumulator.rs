use safe_state::resumable;

#[resumable(max_attempts = 3)]
fn ship(orders: &[u32]) -> std::io::Result<u32> {
    let mut total = 0;
    for order in orders {
        total += order;
    }
    Ok(total)
}

fn main() {
    let _ = ship(&[]);
}
