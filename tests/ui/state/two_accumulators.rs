use safe_state::resumable;

#[resumable(carry(total))]
fn total(numbers: &[u64]) -> (u64, Vec<u64>) {
    let mut total = 0;
    let mut seen = Vec::new();
    let mut least = u64::MAX;
    for number in numbers {
        total += number;
        seen.push(*number);
        least = least.min(*number);
    }
    (total + least, seen)
}

fn main() {
    total(&[1]);
}
