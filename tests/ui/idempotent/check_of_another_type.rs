use safe_state::idempotent;

fn is_sent(id: &u32) -> std::io::Result<bool> {
    Ok(*id == 1)
}

#[idempotent(check = is_sent)]
fn send(id: u32) {
    println!("{id}");
}

fn main() {
    send(1);
}
