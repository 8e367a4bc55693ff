use safe_state::{ErrorContext, resumable};

fn decide(error: &ErrorContext) -> bool {
    error.is_last()
}

#[resumable(on_error = decide)]
fn ship(orders: &[u32]) -> std::io::Result<()> {
    for order in orders {
        println!("{order}");
    }
    Ok(())
}

fn main() {
    let _ = ship(&[]);
}
