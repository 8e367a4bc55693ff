use safe_state::resumable;

#[resumable]
fn send(orders: &[u64], refunds: &[String]) -> anyhow::Result<()> {
    for order in orders {
        println!("{order}");
    }
    let refund = || -> anyhow::Result<()> {
        for refund in refunds {
            println!("{}", refund.parse::<u64>()?);
        }
        Ok(())
    };
    refund()
}

fn main() {
    send(&[], &[]).unwrap();
}
