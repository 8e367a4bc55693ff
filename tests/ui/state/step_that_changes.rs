use safe_state::{resumable, step};

#[resumable]
fn count(start: u32) -> std::io::Result<u32> {
    let mut n = start;
    let more: u32 = step!("more", {
        n += 1;
        n
    });
    Ok(n + more)
}

fn main() -> std::io::Result<()> {
    count(1).map(|_| ())
}
