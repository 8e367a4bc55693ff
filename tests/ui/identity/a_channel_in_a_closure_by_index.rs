use std::sync::mpsc::Receiver;

use safe_state::resumable;

#[resumable]
fn drain(numbers: &Receiver<u32>) {
    for number in std::iter::from_fn(|| numbers.recv().ok()) {
        println!("{number}");
    }
}

fn main() {}
