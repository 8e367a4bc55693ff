use safe_state::resumable;

#[resumable(max_memory = "all")]
fn add(items: &[u64]) {
    for item in items {
        let _ = item;
    }
}

fn main() {
    add(&[1]);
}
