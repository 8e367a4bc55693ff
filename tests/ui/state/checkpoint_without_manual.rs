use safe_state::{checkpoint, resumable};

#[resumable]
fn print(numbers: &[u64]) {
    for number in numbers {
        println!("{number}");
        checkpoint!();
    }
}

fn main() {
    print(&[1]);
}
