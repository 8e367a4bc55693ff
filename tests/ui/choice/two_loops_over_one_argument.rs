use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}");
    }
    for line in lines.iter().rev() {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
