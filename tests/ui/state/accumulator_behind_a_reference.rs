use safe_state::resumable;

#[resumable]
fn total(numbers: &[u64]) -> u64 {
    let mut total = 0;
    let sum = &mut total;
    for number in numbers {
        *sum += number;
    }
    total
}

fn main() {
    total(&[1]);
}
