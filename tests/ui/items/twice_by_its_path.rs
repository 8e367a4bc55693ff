use safe_state::resumable;

#[resumable(name = "print")]
#[must_use]
#[safe_state::resumable]
fn print(lines: &[u32]) -> u32 {
    for line in lines {
        println!("{line}");
    }
    1
}

fn main() {
    let _ = print(&[1]);
}
