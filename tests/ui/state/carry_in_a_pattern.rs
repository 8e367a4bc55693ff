use safe_state::resumable;

#[resumable(carry(sum, count))]
fn total(numbers: &[u64]) -> (u64, u64) {
    let (mut sum, mut count) = (0, 0);
    for number in numbers {
        sum += number;
        count += 1;
    }
    (sum, count)
}

fn main() {
    total(&[1]);
}
