use safe_state::resumable;

#[resumable(carry(best))]
fn best(rows: &[Vec<u8>]) -> usize {
    let mut best: Option<&[u8]> = None;
    for row in rows {
        best = best.max(Some(row));
    }
    best.map_or(0, <[u8]>::len)
}

fn main() {
    best(&[]);
}
