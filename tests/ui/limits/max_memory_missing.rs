use safe_state::mem_guard;

#[mem_guard]
fn work() {}

fn main() {
    work();
}
