#[safe_state::resumable(threads = 4, carry(total))]
fn sum(numbers: Vec<u32>) -> u32 {
    let mut total = 0;
    for number in numbers {
        total += number;
    }
    total
}

fn main() {}
