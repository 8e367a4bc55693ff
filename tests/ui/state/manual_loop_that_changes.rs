use safe_state::{checkpoint, resumable};

#[resumable(manual, carry(next))]
fn total(numbers: &[u64]) -> u64 {
    let mut next = 0;
    let mut total = 0;
    while next < numbers.len() {
        total += numbers[next];
        next += 1;
        checkpoint!();
    }
    total
}

fn main() {
    total(&[1]);
}
