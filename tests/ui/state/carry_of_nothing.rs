use safe_state::resumable;

#[resumable(carry(totl))]
fn total(numbers: &[u64]) -> u64 {
    let mut total = 0;
    for number in numbers {
        total += number;
    }
    total
}

fn main() {
    total(&[1]);
}
