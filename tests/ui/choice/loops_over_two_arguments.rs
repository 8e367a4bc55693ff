use safe_state::resumable;

#[resumable]
fn print(lines: &[u32], notes: &[u32]) {
    for line in lines {
        println!("{line}");
    }
    for note in notes {
        println!("{note}");
    }
}

fn main() {
    print(&[1], &[2]);
}
