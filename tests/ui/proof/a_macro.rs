use safe_state::resumable;

#[resumable]
fn total(numbers: &[u64]) -> u64 {
    let mut total = 0;
    macro_rules! add {
        ($number:expr) => {
            total += $number
        };
    }
    for number in numbers {
        add!(number);
    }
    total
}

fn main() {
    total(&[1]);
}
