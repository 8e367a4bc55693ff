use safe_state::resumable;

#[resumable(manual, carry(left))]
fn count(from: u64) -> u64 {
    let mut left = from;
    while left > 0 {
        left -= 1;
    }
    left
}

fn main() {
    count(1);
}
