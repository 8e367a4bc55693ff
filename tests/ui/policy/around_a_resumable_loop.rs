use safe_state::resumable;

#[resumable]
fn ship(orders: &[Vec<u32>]) -> std::io::Result<()> {
    #[resume(max_attempts = 3)]
    for order in orders {
        #[resume]
        for part in order {
            println!("{part}");
        }
    }
    Ok(())
}

fn main() {
    let _ = ship(&[]);
}
