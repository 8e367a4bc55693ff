use safe_state::resumable;

#[resumable(progress)]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
