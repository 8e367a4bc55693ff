use safe_state::time_guard;

#[time_guard(timout = "90s")]
fn work() {}

fn main() {
    work();
}
