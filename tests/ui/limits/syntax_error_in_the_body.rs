use safe_state::time_guard;

#[time_guard]
fn work() {
    let x = ;
}

fn main() {
    work();
}
