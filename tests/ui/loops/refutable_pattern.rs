use safe_state::resumable;

#[resumable]
fn print(lines: &[Option<u32>]) {
    for Some(line) in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[None]);
}
