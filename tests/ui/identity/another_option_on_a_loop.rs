use safe_state::resumable;

#[resumable]
fn rows(input: &[u32]) {
    #[resume(save_every = 3)]
    for row in input {
        let _ = row;
    }
}

fn main() {}
