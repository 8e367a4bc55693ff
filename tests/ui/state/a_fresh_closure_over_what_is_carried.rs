use safe_state::resumable;

#[resumable(carry(total), fresh(add))]
fn total(numbers: &[u64]) -> u64 {
    let mut total = 0;
    let mut add = |number: &u64| total += number;
    for number in numbers {
        add(number);
    }
    total
}

fn main() {
    total(&[1]);
}
