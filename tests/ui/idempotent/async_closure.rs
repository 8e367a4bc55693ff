use safe_state::idempotent;

#[idempotent(check = async |id| *id == 1)]
async fn send(id: u32) {
    println!("{id}");
}

fn main() {
    drop(send(1));
}
