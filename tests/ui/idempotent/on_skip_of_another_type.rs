use safe_state::idempotent;

#[idempotent(check = id == 1, on_skip = "sent")]
fn send(id: u32) -> u32 {
    id
}

fn main() {
    send(1);
}
