use std::sync::mpsc::Receiver;

use safe_state::resumable;

struct Adder {
    numbers: Receiver<u64>,
    total: u64,
}

impl Adder {
    #[resumable(carry(self.total))]
    fn add(&mut self) {
        #[resume]
        while let Some(number) = self.numbers.recv().ok() {
            self.total += number;
        }
    }
}

fn main() {
    Adder { numbers: std::sync::mpsc::channel().1, total: 0 }.add();
}
