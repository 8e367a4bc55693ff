use safe_state::resumable;

#[resumable]
fn double(mut numbers: Vec<u64>) -> Vec<u64> {
    for number in numbers.iter_mut() {
        *number *= 2;
    }
    numbers
}

fn main() {
    double(vec![1]);
}
