use safe_state::resumable;

#[resumable(max_runtime = 60)]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn main() {}
