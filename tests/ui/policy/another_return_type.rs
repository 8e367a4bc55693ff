use safe_state::resumable;

#[resumable(max_attempts = 3)]
fn ship(orders: &[u32]) -> u32 {
    for order in orders {
        println!("{order}");
    }
    1
}

fn main() {
    ship(&[]);
}
