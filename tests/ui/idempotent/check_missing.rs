use safe_state::idempotent;

#[idempotent]
fn send(id: u32) {
    println!("{id}");
}

fn main() {
    send(1);
}
