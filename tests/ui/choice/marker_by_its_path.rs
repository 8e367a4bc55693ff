use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    #[safe_state::resume]
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
