use safe_state::time_guard;

#[time_guard(send_kill, send_kill)]
fn work() {}

fn main() {
    work();
}
