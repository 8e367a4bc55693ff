use safe_state::time_guard;

#[time_guard]
struct Work;

fn main() {}
