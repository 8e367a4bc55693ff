use safe_state::resumable;

#[resumable(second_signal_after = "5s")]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
