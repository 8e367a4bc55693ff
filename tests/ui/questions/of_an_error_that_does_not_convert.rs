use safe_state::resumable;

#[resumable]
fn send(items: &[u32]) -> Result<(), std::io::Error> {
    for _item in items {
        Err::<(), _>("text")?;
    }
    Ok(())
}

fn main() {}
