use safe_state::idempotent;

#[idempotent(check = id == 1)]
fn send(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    send(1).unwrap();
}
