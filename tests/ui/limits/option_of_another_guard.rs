use safe_state::time_guard;

#[time_guard(max_memory = "1GiB")]
fn work() {}

fn main() {
    work();
}
