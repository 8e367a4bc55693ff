use safe_state::resumable;

#[resumable(consumed = true)]
fn rows(input: Vec<u32>) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
