use safe_state::idempotent;

#[idempotent(check = |id| *id == 1)]
fn send(id: u32, to: &str) {
    println!("{id} {to}");
}

fn main() {
    send(1, "you");
}
