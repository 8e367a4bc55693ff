use safe_state::{resumable, step};

#[resumable]
fn print(numbers: &[u64]) {
    for number in numbers {
        println!("{}", step!("double", number * 2));
    }
}

fn main() {
    print(&[1]);
}
