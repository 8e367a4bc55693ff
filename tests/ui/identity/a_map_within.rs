use std::collections::{HashMap, HashSet};

#[safe_state::resumable]
fn second(names: &[String], numbers: &HashMap<String, u64>) {
    for _pair in names.iter().zip(numbers.values()) {}
}

#[safe_state::resumable]
fn behind(names: &[String], others: &HashSet<String>) {
    for _name in names.iter().chain(others).take(9) {}
}

#[safe_state::resumable]
fn within(groups: &[HashSet<u64>]) {
    for _number in groups.iter().flat_map(HashSet::iter) {}
}

fn main() {
    second(&[], &HashMap::new());
    behind(&[], &HashSet::new());
    within(&[]);
}
