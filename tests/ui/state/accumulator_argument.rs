use safe_state::resumable;

#[resumable]
fn collect(numbers: &[u64], mut into: Vec<u64>) -> Vec<u64> {
    for number in numbers {
        into.push(*number);
    }
    into
}

fn main() {
    collect(&[1], Vec::new());
}
