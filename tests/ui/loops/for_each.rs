use safe_state::resumable;

#[resumable]
fn print(lines: &[&str]) {
    lines.iter().for_each(|line| println!("{line}"));
}

fn main() {
    print(&[]);
}
