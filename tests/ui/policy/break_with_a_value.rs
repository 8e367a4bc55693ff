use safe_state::resumable;

#[resumable]
fn ship(orders: &[u32]) -> std::io::Result<u32> {
    let first = 'first: {
        #[resume(max_attempts = 3)]
        for order in orders {
            if *order > 3 {
                break 'first *order;
            }
        }
        0
    };
    Ok(first)
}

fn main() {
    let _ = ship(&[]);
}
