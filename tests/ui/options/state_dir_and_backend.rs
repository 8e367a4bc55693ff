use safe_state::resumable;

#[resumable(name = "a", state_dir = "state", backend = "sqlite:jobs.db")]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
