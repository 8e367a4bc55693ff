use safe_state::resumable;

struct Row;

#[resumable(capture(row = ?row))]
fn rows(input: &[Row]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
