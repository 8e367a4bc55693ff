use safe_state::resumable;

#[derive(Default)]
struct Stats(u64);

impl Stats {
    fn note(&mut self, number: u64) {
        self.0 += number;
    }
}

#[resumable]
fn sum(numbers: &[u64]) -> u64 {
    #[allow(non_snake_case)]
    let mut A = Stats::default();
    for number in numbers {
        A.note(*number);
    }
    A.0
}

fn main() {
    sum(&[1]);
}
