use safe_state::resumable;

fn limit() -> usize {
    2
}

#[resumable(carry(rows))]
fn doubled(mut rows: Vec<u64>) -> Vec<u64> {
    for row in rows.iter_mut().take(limit()) {
        *row *= 2;
    }
    rows
}

fn main() {
    doubled(Vec::new());
}
