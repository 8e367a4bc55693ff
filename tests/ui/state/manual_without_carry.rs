use safe_state::{checkpoint, resumable};

#[resumable(manual)]
fn count(from: u64) -> u64 {
    let mut left = from;
    while left > 0 {
        left -= 1;
        checkpoint!();
    }
    left
}

fn main() {
    count(1);
}
