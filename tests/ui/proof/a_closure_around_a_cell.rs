use std::cell::RefCell;

use safe_state::resumable;

#[resumable]
fn sum(orders: &[u64]) -> u64 {
    let seen = RefCell::new(Vec::new());
    let note = |order: u64| seen.borrow_mut().push(order);
    for order in orders {
        note(*order);
    }
    seen.take().iter().sum()
}

fn main() {
    sum(&[]);
}
