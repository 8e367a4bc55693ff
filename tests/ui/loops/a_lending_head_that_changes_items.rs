use safe_state::resumable;

#[resumable(carry(rows))]
fn doubled(mut rows: Vec<u64>) -> Vec<u64> {
    let mut count = 0;
    for row in rows.iter_mut().inspect(|_| count += 1) {
        *row *= 2;
    }
    rows
}

fn main() {
    doubled(Vec::new());
}
