use safe_state::resumable;

#[resumable]
fn total(numbers: &[u64], total: &mut u64) {
    for number in numbers {
        *total += number;
    }
}

fn main() {
    total(&[1], &mut 0);
}
