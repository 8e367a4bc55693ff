use safe_state::resumable;

#[resumable(carry(from))]
fn moved(mut from: Vec<u64>) -> Vec<u64> {
    let mut to = vec![0; from.len()];
    for (x, y) in from.iter_mut().zip(to.iter_mut()) {
        std::mem::swap(x, y);
    }
    to
}

fn main() {
    moved(Vec::new());
}
