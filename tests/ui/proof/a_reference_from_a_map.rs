use std::collections::BTreeMap;

use safe_state::resumable;

#[resumable]
fn total(numbers: &[u64], totals: &mut BTreeMap<String, u64>) {
    let total = totals.entry("all".to_owned()).or_default();
    for number in numbers {
        *total += number;
    }
}

fn main() {
    total(&[1], &mut BTreeMap::new());
}
