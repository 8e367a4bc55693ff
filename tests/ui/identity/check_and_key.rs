use safe_state::resumable;

#[resumable(check = |row| *row, key = |row| *row)]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
