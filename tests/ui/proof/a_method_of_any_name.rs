use safe_state::resumable;

struct Bounds(u64);

impl Bounds {
    fn max(&mut self, number: u64) {
        self.0 = self.0.max(number);
    }
}

#[resumable]
fn largest(numbers: &[u64]) -> u64 {
    let mut bounds = Bounds(0);
    for number in numbers {
        bounds.max(*number);
    }
    bounds.0
}

fn main() {
    largest(&[1]);
}
