use safe_state::resumable;

#[resumable]
fn print(lines: &[u32], __safe_state_run: u32) {
    for line in lines {
        println!("{line} {__safe_state_run}");
    }
}

fn main() {
    print(&[1], 2);
}
