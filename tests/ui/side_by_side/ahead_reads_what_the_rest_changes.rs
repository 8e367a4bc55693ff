use safe_state::{ahead, resumable};

#[resumable(threads = 2, carry(total))]
fn sum(numbers: Vec<u32>) -> u32 {
    let mut total = 0;
    for number in numbers {
        let next = ahead!(total + number);
        total += next;
    }
    total
}

fn main() {}
