use safe_state::resumable;

#[resumable(carry(rate))]
fn print(numbers: &[u64], rate: u64) {
    for number in numbers {
        println!("{}", number * rate);
    }
}

fn main() {
    print(&[1], 2);
}
