use safe_state::resumable;

#[derive(Default)]
struct Totals {
    sum: u64,
}

#[resumable(carry(totals))]
fn total(numbers: &[u64]) -> u64 {
    let mut totals = Totals::default();
    for number in numbers {
        totals.sum += number;
    }
    totals.sum
}

fn main() {
    total(&[1]);
}
