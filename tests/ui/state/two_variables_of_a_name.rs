use safe_state::resumable;

#[resumable(carry(n))]
fn count(items: &[u32]) -> std::io::Result<u32> {
    let mut n = 1;
    {
        let mut n = 50;
        #[resume]
        for item in items {
            n += item;
        }
    }
    #[resume]
    for item in items {
        n += item;
    }
    Ok(n)
}

fn main() -> std::io::Result<()> {
    count(&[1]).map(|_| ())
}
