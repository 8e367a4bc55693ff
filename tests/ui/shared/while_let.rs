use safe_state::resumable;

#[resumable(shared)]
fn print(mut lines: impl Iterator<Item = u32>) {
    #[resume]
    while let Some(line) = lines.next() {
        println!("{line}");
    }
}

fn main() {
    print(0..1);
}
