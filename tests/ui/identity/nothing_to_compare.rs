use safe_state::resumable;

struct Customer {
    id: u64,
}

#[resumable]
fn bill(customers: &[Customer]) {
    for customer in customers {
        let _ = customer.id;
    }
}

fn main() {}
