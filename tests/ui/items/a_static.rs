use safe_state::resumable;

#[resumable]
static JOB: u32 = 1;

fn main() {
    let _ = JOB;
}
