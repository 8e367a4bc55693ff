use safe_state::resumable;

#[resumable(iter = notes)]
fn print(lines: &[u32], notes: &[u32]) {
    for line in lines {
        println!("{line} {}", notes.len());
    }
}

fn main() {
    print(&[1], &[2]);
}
