use safe_state::resumable;

fn start() -> (u64, u64) {
    (0, 0)
}

#[resumable(carry(sum, count))]
fn total(numbers: &[u64]) -> (u64, u64) {
    let (mut sum, mut count) = start();
    for number in numbers {
        sum += number;
        count += 1;
    }
    (sum, count)
}

fn main() {
    total(&[1]);
}
