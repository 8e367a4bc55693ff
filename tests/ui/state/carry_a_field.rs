use safe_state::resumable;

struct Sums {
    total: u64,
}

impl Sums {
    #[resumable(name = "sums", carry(self.total))]
    fn add(&mut self, numbers: &[u64]) {
        for number in numbers {
            self.total += number;
        }
    }
}

fn main() {
    Sums { total: 0 }.add(&[1]);
}
