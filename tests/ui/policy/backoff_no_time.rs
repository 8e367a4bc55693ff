use safe_state::resumable;

#[resumable(max_attempts = 3, backoff = safe_state::Backoff::exponential("soon", "10s"))]
fn ship(orders: &[u32]) -> std::io::Result<()> {
    for order in orders {
        println!("{order}");
    }
    Ok(())
}

fn main() {
    let _ = ship(&[]);
}
