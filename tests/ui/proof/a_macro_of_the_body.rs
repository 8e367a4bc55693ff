use safe_state::resumable;

#[resumable]
fn sum(numbers: &[u64]) -> u64 {
    let mut total = 0;
    for number in numbers {
        macro_rules! add {
            ($number:expr) => {
                total += $number
            };
        }
        add!(number);
    }
    total
}

fn main() {
    sum(&[1]);
}
