use safe_state::resumable;

#[resumable(timeout_per_item = "3s")]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
