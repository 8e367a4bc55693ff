use safe_state::resumable;

#[resumable(shared, expire_after = "30d")]
fn send(mails: &[u64]) -> anyhow::Result<()> {
    for mail in mails {
        println!("{mail}");
    }
    Ok(())
}

fn main() {}
