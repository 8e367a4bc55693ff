use safe_state::{checkpoint, resumable};

#[resumable(manual, carry(total))]
fn total(numbers: &[u64]) -> u64 {
    let mut total = 0;
    let mut numbers = numbers.iter();
    while let Some(number) = numbers.next() {
        total += number;
        checkpoint!();
    }
    total
}

fn main() {
    total(&[1]);
}
