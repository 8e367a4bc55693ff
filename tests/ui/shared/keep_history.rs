use safe_state::resumable;

#[resumable(shared, keep_history = 3)]
fn send(mails: &[u64]) -> anyhow::Result<()> {
    for mail in mails {
        println!("{mail}");
    }
    Ok(())
}

fn main() {}
