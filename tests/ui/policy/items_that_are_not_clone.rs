use safe_state::resumable;

#[derive(Hash)]
struct Order(u32);

#[resumable(max_attempts = 3)]
fn ship(orders: Vec<Order>) -> std::io::Result<()> {
    for order in orders {
        println!("{}", order.0);
    }
    Ok(())
}

fn main() {
    let _ = ship(Vec::new());
}
