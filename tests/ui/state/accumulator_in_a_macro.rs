use std::collections::BTreeSet;

use safe_state::resumable;

#[resumable]
fn check(numbers: &[u64]) {
    let mut seen = BTreeSet::new();
    for number in numbers {
        assert!(seen.insert(*number));
    }
}

fn main() {
    check(&[1]);
}
