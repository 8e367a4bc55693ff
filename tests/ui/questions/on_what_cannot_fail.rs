use safe_state::resumable;

#[resumable]
fn sum(items: &[u32]) -> Result<u32, std::io::Error> {
    for item in items {
        item?;
    }
    Ok(0)
}

fn main() {}
