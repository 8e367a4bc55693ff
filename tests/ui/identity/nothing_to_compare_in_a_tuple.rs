use std::sync::Mutex;

use safe_state::resumable;

#[resumable]
fn count(counters: &[Mutex<u64>]) {
    #[resume]
    for (at, counter) in counters.iter().enumerate() {
        *counter.lock().unwrap() += at as u64;
    }
}

fn main() {}
