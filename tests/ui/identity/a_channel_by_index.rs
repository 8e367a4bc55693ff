use std::sync::mpsc::Receiver;

use safe_state::resumable;

#[resumable]
fn drain(numbers: Receiver<u32>) {
    for number in numbers {
        println!("{number}");
    }
}

fn main() {}
