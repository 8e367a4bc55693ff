use std::sync::Mutex;

use safe_state::resumable;

#[resumable]
fn sum(total: u64, numbers: &[u64]) -> u64 {
    let total = Mutex::new(total);
    let total = &total;
    for number in numbers {
        *total.lock().unwrap() += number;
    }
    *total.lock().unwrap()
}

fn main() {
    sum(0, &[1]);
}
