use safe_state::resumable;

#[resumable(carry(rows))]
fn double(mut rows: Vec<u64>) -> Vec<u64> {
    for row in rows.iter_mut().filter(|row| **row < 9) {
        *row *= 2;
    }
    rows
}

fn main() {
    double(vec![1]);
}
