use safe_state::resumable;

#[resumable]
const fn count(items: u32) -> u32 {
    items
}

fn main() {
    count(1);
}
