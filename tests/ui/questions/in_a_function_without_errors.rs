use safe_state::resumable;

#[resumable]
fn count(items: &[u32]) -> u32 {
    for _item in items {
        Ok::<u32, u8>(1)?;
    }
    0
}

fn main() {}
