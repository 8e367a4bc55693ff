use safe_state::resumable;

#[resumable(carry(queue, n))]
fn count(mut queue: Vec<u32>) -> std::io::Result<u32> {
    let mut n = 0;
    #[resume]
    while let Some(item) = queue.pop() && n < 9 {
        n += item;
    }
    Ok(n)
}

fn main() -> std::io::Result<()> {
    count(vec![1]).map(|_| ())
}
