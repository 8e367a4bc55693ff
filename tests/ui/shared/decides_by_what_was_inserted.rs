use std::collections::HashSet;

use safe_state::{Results, resumable};

#[resumable(shared, carry(seen, firsts))]
fn firsts(words: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut firsts = Results::new();
    for word in words {
        if seen.insert(word.clone()) {
            firsts.push(word.clone());
        }
    }
    firsts.into()
}

fn main() {
    firsts(&[]);
}
