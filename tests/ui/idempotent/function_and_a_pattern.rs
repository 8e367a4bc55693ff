use safe_state::idempotent;

fn is_sent(id: &(u32, u32)) -> bool {
    id.0 == 1
}

#[idempotent(check = is_sent)]
fn send((id, to): (u32, u32)) {
    println!("{id} {to}");
}

fn main() {
    send((1, 2));
}
