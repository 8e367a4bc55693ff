use safe_state::resumable;

#[resumable]
type Job = u32;

fn main() {
    let _: Job = 1;
}
