use safe_state::resumable;

#[resumable(fresh(rows))]
fn empty(rows: &mut Vec<u32>) {
    for row in rows.drain(..) {
        println!("{row}");
    }
}

fn main() {}
