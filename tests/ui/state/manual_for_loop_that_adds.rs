use safe_state::{checkpoint, resumable};

#[resumable(manual, carry(total))]
fn total(numbers: &[u64]) -> u64 {
    let mut total = 0;
    for number in numbers {
        total += number;
        checkpoint!();
    }
    total
}

fn main() {
    total(&[1]);
}
