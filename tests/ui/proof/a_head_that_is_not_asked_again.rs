use std::sync::mpsc::Receiver;

use safe_state::resumable;

fn next_of(rows: &Receiver<u64>, seen: &mut u64) -> Option<u64> {
    *seen += 1;
    rows.recv().ok()
}

#[resumable]
fn export(rows: Receiver<u64>) -> u64 {
    let mut seen = 0;
    #[resume(consumed)]
    while let Some(row) = next_of(&rows, &mut seen) {
        println!("{row}");
    }
    seen
}

fn main() {
    export(std::sync::mpsc::channel().1);
}
