use safe_state::resumable;

#[derive(Default)]
struct Stats {
    total: u64,
}

#[resumable(carry(stats.total))]
fn add(numbers: &[u64]) -> u64 {
    let mut stats = Stats::default();
    for number in numbers {
        stats.total += number;
    }
    stats.total
}

fn main() {
    add(&[1]);
}
