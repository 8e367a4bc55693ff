use safe_state::resumable;

struct Report {
    total: u64,
    by: u64,
}

impl Report {
    fn add(&mut self, number: u64) {
        self.total += number * self.by;
    }

    #[resumable(carry(self.total))]
    fn add_all(&mut self, numbers: &[u64]) {
        for number in numbers {
            self.add(*number);
        }
    }
}

fn main() {
    Report { total: 0, by: 2 }.add_all(&[1]);
}
