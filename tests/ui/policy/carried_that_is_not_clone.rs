use std::sync::Mutex;

use safe_state::resumable;

#[resumable(max_attempts = 3, carry(total))]
fn ship(orders: &[u32]) -> std::io::Result<u32> {
    let mut total = Mutex::new(0);
    for order in orders {
        total = Mutex::new(*order);
    }
    Ok(total.into_inner().unwrap())
}

fn main() {
    let _ = ship(&[]);
}
