use std::sync::Mutex;

use safe_state::resumable;

#[resumable]
fn sum(numbers: &[u64]) -> u64 {
    #[allow(non_snake_case)]
    let M = Mutex::new(0);
    for number in numbers {
        *M.lock().unwrap() += number;
    }
    M.into_inner().unwrap()
}

fn main() {
    sum(&[1]);
}
