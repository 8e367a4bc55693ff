use safe_state::time_guard;

#[time_guard]
const fn work() {}

fn main() {
    work();
}
