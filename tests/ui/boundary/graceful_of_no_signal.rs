use safe_state::resumable;

#[resumable(graceful = "TERM,KILL")]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
