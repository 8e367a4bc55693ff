use safe_state::time_guard;

#[time_guard(interrupt = "politely")]
fn work() {}

fn main() {
    work();
}
