use safe_state::resumable;

#[resumable(carry(sum))]
fn total(numbers: &[u64]) -> u64 {
    let mut sum = 0;
    #[resume]
    for number in numbers {
        sum += number;
    }
    sum *= 10;
    #[resume]
    for number in numbers {
        sum += number;
    }
    sum
}

fn main() {
    total(&[1]);
}
