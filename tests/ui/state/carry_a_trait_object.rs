use safe_state::resumable;

trait Sum {
    fn add(&mut self, number: u64);
}

#[resumable(carry(sum))]
fn add(numbers: &[u64], sum: &mut dyn Sum) {
    for number in numbers {
        sum.add(*number);
    }
}

fn main() {
    struct All(u64);
    impl Sum for All {
        fn add(&mut self, number: u64) {
            self.0 += number;
        }
    }
    add(&[1], &mut All(0));
}
