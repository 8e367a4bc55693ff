use safe_state::resumable;

#[resumable(max_crashes = 0)]
fn ship(orders: &[u32]) {
    for order in orders {
        println!("{order}");
    }
}

fn main() {
    ship(&[]);
}
