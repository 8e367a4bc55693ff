use safe_state::idempotent;

#[idempotent(check = id == 1)]
const fn send(id: u32) -> u32 {
    id
}

fn main() {
    send(1);
}
