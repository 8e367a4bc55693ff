use safe_state::resumable;

#[resumable]
async fn send(orders: &[u64]) -> anyhow::Result<()> {
    let (to, mut from) = tokio::sync::mpsc::channel(8);
    let to = to.clone();
    #[resume]
    for order in orders {
        to.send(*order).await?;
    }
    drop(to);
    while let Some(order) = from.recv().await {
        println!("{order}");
    }
    Ok(())
}

fn main() {
    drop(send(&[]));
}
