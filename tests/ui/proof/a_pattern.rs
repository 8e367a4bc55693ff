use safe_state::resumable;

#[resumable]
fn total(numbers: &[u64], first: Option<u64>) -> u64 {
    match first {
        Some(mut total) => {
            for number in numbers {
                total += number;
            }
            total
        }
        None => 0,
    }
}

fn main() {
    total(&[1], Some(2));
}
