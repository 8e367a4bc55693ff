use std::sync::Mutex;

use safe_state::resumable;

#[resumable]
fn sum(numbers: &[u64]) -> u64 {
    match Mutex::new(0) {
        total => {
            for number in numbers {
                *total.lock().unwrap() += number;
            }
            total.into_inner().unwrap()
        }
    }
}

fn main() {
    sum(&[1]);
}
