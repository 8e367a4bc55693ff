use safe_state::idempotent;

fn is_sent(id: &u32) -> bool {
    *id == 1
}

#[idempotent(check = is_sent)]
fn send(id: u32, to: &str) {
    println!("{id} {to}");
}

fn main() {
    send(1, "you");
}
