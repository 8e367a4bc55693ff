use safe_state::resumable;

#[resumable(shared, max_runs = 3)]
fn send(mails: &[u64]) -> anyhow::Result<()> {
    for mail in mails {
        println!("{mail}");
    }
    Ok(())
}

fn main() {}
