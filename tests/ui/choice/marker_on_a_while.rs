use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    let mut rest = lines.iter();
    #[resume]
    while let Some(line) = rest.next() {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
