use safe_state::resumable;

#[resumable(key = |row| row)]
fn rows(input: &[u32], other: &[u32]) {
    #[resume]
    for row in input {
        let _ = row;
    }
    #[resume]
    for row in other {
        let _ = row;
    }
}

fn main() {}
