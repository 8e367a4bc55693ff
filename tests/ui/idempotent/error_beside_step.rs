use safe_state::{idempotent, resumable, step};

#[idempotent(check)]
#[resumable]
fn send(ids: &[u32]) {
    let base = step!("base", 7);
    #[resume]
    for id in ids {
        println!("{id} {base}");
    }
}

fn main() {
    send(&[1]);
}
