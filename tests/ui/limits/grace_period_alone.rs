use safe_state::resumable;

#[resumable(grace_period = "5s")]
fn add(items: &[u64]) {
    for item in items {
        let _ = item;
    }
}

fn main() {
    add(&[1]);
}
