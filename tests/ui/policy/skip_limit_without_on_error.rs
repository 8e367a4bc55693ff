use safe_state::resumable;

#[resumable(max_attempts = 3, skip_limit = 9)]
fn ship(orders: &[u32]) -> std::io::Result<()> {
    for order in orders {
        println!("{order}");
    }
    Ok(())
}

fn main() {
    let _ = ship(&[]);
}
