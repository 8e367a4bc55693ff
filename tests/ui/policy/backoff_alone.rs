use safe_state::resumable;

#[resumable(backoff = safe_state::Backoff::none())]
fn ship(orders: &[u32]) -> std::io::Result<()> {
    for order in orders {
        println!("{order}");
    }
    Ok(())
}

fn main() {
    let _ = ship(&[]);
}
