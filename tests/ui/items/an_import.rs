use safe_state::resumable;

#[resumable]
use std::mem;

fn main() {
    mem::drop(1);
}
