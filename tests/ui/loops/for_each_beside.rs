use safe_state::resumable;

#[resumable]
fn send(orders: &[u64], refunds: &[u64]) -> anyhow::Result<()> {
    for order in orders {
        println!("{order}");
    }
    refunds.iter().for_each(|it| println!("{it}"));
    Ok(())
}

fn main() {
    send(&[], &[]).unwrap();
}
