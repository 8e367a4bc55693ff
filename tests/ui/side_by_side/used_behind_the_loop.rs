use safe_state::{ahead, resumable};

#[resumable(carry(total))]
fn add(numbers: &[u32]) -> u32 {
    let mut total = 0;
    let mut rest = numbers.iter();
    #[resume(threads = 2)]
    while let Some(number) = rest.next() {
        let square = ahead!(number * number);
        if square == 49 {
            break;
        }
        total += square;
    }
    total + rest.sum::<u32>()
}

fn main() {
    add(&[1]);
}
