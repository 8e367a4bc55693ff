use safe_state::idempotent;

#[idempotent(check = true)]
struct Mail;

fn main() {
    let _ = Mail;
}
