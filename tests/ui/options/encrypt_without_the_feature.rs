use safe_state::resumable;

#[resumable(encrypt = key)]
fn rows(input: &[u32]) {
    for row in input {
        let _ = row;
    }
}

fn key() -> [u8; 32] {
    [7; 32]
}

fn main() {}
