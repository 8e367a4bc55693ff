use safe_state::idempotent;

#[idempotent(cheque = id == 1)]
fn send(id: u32) {
    println!("{id}");
}

fn main() {
    send(1);
}
