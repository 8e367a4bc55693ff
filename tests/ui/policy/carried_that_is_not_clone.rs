use safe_state::resumable;

#[derive(serde::Serialize, serde::Deserialize)]
struct Total(u32);

#[resumable(max_attempts = 3, carry(total))]
fn ship(orders: &[u32]) -> std::io::Result<u32> {
    let mut total = Total(0);
    for order in orders {
        total.0 += order;
    }
    Ok(total.0)
}

fn main() {
    let _ = ship(&[]);
}
