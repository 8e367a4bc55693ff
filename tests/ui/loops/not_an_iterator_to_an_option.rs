use safe_state::resumable;

#[resumable]
fn print(count: u32) -> Option<u32> {
    for line in count {
        if line == 3 {
            return None;
        }
    }
    Some(1)
}

fn main() {
    print(1);
}
