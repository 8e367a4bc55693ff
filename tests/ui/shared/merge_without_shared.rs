use safe_state::resumable;

#[resumable(carry(total, merge = |a, b| a + b))]
fn add(numbers: &[u64]) -> u64 {
    let mut total = 0;
    for number in numbers {
        total += number;
    }
    total
}

fn main() {
    add(&[1]);
}
