use safe_state::resumable;

#[resumable]
macro_rules! job {
    () => {};
}

fn main() {
    job!();
}
