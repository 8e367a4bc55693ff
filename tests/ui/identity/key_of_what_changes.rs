use safe_state::resumable;

#[resumable(carry(n), key = |item| *item + n)]
fn count(items: &[u32]) -> std::io::Result<u32> {
    let mut n = 0;
    for item in items {
        n += item;
    }
    Ok(n)
}

fn main() -> std::io::Result<()> {
    count(&[1]).map(|_| ())
}
