use safe_state::resumable;

#[resumable(key = 7)]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
