use safe_state::resumable;

struct Biller {
    total: u64,
    count: u64,
}

impl Biller {
    #[resumable]
    fn bill(&mut self, orders: &[u64]) {
        for order in orders {
            self.total += order;
            self.count += 1;
        }
    }
}

fn main() {
    Biller { total: 0, count: 0 }.bill(&[1]);
}
