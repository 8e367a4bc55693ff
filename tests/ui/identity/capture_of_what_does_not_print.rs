use safe_state::resumable;

#[derive(Hash)]
struct Row;

#[resumable(capture(row = ?row))]
fn rows(input: &[Row]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
