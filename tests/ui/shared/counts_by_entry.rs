use std::collections::HashMap;

use safe_state::resumable;

#[resumable(shared, carry(counts))]
fn count(words: &[&str]) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    for word in words {
        *counts.entry((*word).to_owned()).or_insert(0) += 1;
    }
    counts
}

fn main() {
    count(&["a"]);
}
