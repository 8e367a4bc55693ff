use safe_state::resumable;

struct Biller(u64);

impl Biller {
    fn note(&mut self, order: u64) {
        self.0 += order;
    }

    #[resumable]
    fn bill(&mut self, orders: &[u64]) {
        for order in orders {
            self.note(*order);
        }
    }
}

fn main() {
    Biller(0).bill(&[1]);
}
