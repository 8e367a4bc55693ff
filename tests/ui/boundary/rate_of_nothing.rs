use safe_state::resumable;

#[resumable(rate = "0/s")]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
