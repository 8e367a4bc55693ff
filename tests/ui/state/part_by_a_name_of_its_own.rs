use safe_state::resumable;

struct Report {
    total: u64,
    names: Vec<String>,
}

impl Report {
    #[resumable(carry(self.total), fresh(self.names))]
    fn add(&mut self, numbers: &[u64]) {
        let Report { total, .. } = self;
        for number in numbers {
            *total += number;
        }
    }
}

fn main() {
    Report { total: 0, names: Vec::new() }.add(&[1]);
}
