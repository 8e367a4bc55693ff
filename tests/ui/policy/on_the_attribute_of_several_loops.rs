use safe_state::resumable;

#[resumable(max_attempts = 3)]
fn ship(orders: &[u32]) -> std::io::Result<()> {
    #[resume]
    for order in orders {
        println!("{order}");
    }
    #[resume]
    for order in orders {
        println!("{order}");
    }
    Ok(())
}

fn main() {
    let _ = ship(&[]);
}
