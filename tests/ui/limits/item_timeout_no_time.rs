use safe_state::resumable;

#[resumable(item_timeout = "soon")]
fn add(items: &[u64]) {
    for item in items {
        let _ = item;
    }
}

fn main() {
    add(&[1]);
}
