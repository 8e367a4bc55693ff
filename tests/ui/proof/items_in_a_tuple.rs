use safe_state::resumable;

#[resumable]
fn double(numbers: &[u64], mut doubled: Vec<u64>) -> Vec<u64> {
    for (slot, number) in doubled.iter_mut().zip(numbers) {
        *slot = number * 2;
    }
    doubled
}

fn main() {
    double(&[1], vec![0]);
}
