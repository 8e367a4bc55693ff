use safe_state::resumable;

#[resumable(shared, restart = true)]
fn send(mails: &[u64]) -> anyhow::Result<()> {
    for mail in mails {
        println!("{mail}");
    }
    Ok(())
}

fn main() {}
