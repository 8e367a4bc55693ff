use safe_state::resumable;

#[resumable(carry(sums))]
fn add(numbers: &[u64], sums: &mut [u64]) {
    for (at, number) in numbers.iter().enumerate() {
        sums[at] += number;
    }
}

fn main() {
    add(&[1], &mut [0]);
}
