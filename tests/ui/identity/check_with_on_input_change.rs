use safe_state::resumable;

#[resumable(check = |row| *row, on_input_change = "continue")]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
