use safe_state::resumable;

struct Refusal;

impl From<safe_state::Error> for Refusal {
    fn from(_: safe_state::Error) -> Self {
        Refusal
    }
}

#[resumable]
fn send(items: &[u32]) -> Result<(), Refusal> {
    for _item in items {
        Err::<(), _>("text")?;
    }
    Ok(())
}

fn main() {}
