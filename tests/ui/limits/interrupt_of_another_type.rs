use safe_state::time_guard;

#[time_guard(interrupt = true)]
fn work() {}

fn main() {
    work();
}
