use std::collections::BTreeMap;

use safe_state::resumable;

#[resumable(carry(sums), fresh(first))]
fn sum(numbers: &[u64]) -> u64 {
    let mut sums = BTreeMap::from([(0, 0)]);
    #[resume]
    for number in numbers {
        sums.insert(*number, 1);
    }
    let first = sums.get_mut(&0).unwrap();
    #[resume]
    for number in numbers {
        *first += number;
    }
    *first
}

fn main() {
    sum(&[1]);
}
