use safe_state::resumable;

#[resumable]
unsafe extern "C" {}

fn main() {
}
