use safe_state::time_guard;

#[time_guard(timeout = "soon")]
fn work() {}

fn main() {
    work();
}
