use safe_state::{ahead, resumable};

#[resumable(threads = 2, carry(total))]
fn add(numbers: Vec<u32>) -> u32 {
    let mut total = 0;
    for number in numbers {
        let (one, other) = (ahead!(number), ahead!(number * 100));
        total += one + other;
    }
    total
}

fn main() {}
