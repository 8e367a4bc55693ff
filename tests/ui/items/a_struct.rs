use safe_state::resumable;

#[resumable]
struct Job;

fn main() {
    let _ = Job;
}
