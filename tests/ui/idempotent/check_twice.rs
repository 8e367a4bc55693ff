use safe_state::idempotent;

#[idempotent(check = id == 1, check = id == 2)]
fn send(id: u32) {
    println!("{id}");
}

fn main() {
    send(1);
}
