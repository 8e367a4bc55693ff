use safe_state::resumable;

#[resumable]
enum Job {
    A,
}

fn main() {
    let _ = Job::A;
}
