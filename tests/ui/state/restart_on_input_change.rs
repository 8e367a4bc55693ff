use safe_state::resumable;

#[resumable(on_input_change = "restart")]
fn print(numbers: &[u64]) {
    for number in numbers {
        println!("{number}");
    }
}

fn main() {
    print(&[1]);
}
