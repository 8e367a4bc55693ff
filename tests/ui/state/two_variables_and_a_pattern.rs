use safe_state::resumable;

#[resumable(carry(n))]
fn count(items: &[u32], start: Option<u32>) -> std::io::Result<u32> {
    let mut n = 1;
    if let Some(mut n) = start {
        for item in items {
            n += item;
        }
    } else {
        n = 2;
    }
    Ok(n)
}

fn main() -> std::io::Result<()> {
    count(&[1], None).map(|_| ())
}
