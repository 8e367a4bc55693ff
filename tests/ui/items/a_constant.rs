use safe_state::resumable;

#[resumable]
const JOB: u32 = 1;

fn main() {
    let _ = JOB;
}
