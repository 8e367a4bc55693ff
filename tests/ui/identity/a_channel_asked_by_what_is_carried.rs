use std::sync::mpsc::Receiver;
use std::time::Duration;

use safe_state::resumable;

#[resumable(carry(limit))]
fn add(numbers: &Receiver<u64>, mut limit: Duration) {
    #[resume]
    while let Some(number) = numbers.recv_timeout(limit).ok() {
        limit += Duration::from_millis(number);
    }
}

fn main() {
    add(&std::sync::mpsc::channel().1, Duration::ZERO);
}
