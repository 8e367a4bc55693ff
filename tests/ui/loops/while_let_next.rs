use safe_state::resumable;

#[resumable]
fn print(mut lines: std::slice::Iter<'_, u32>) {
    while let Some(line) = lines.next() {
        println!("{line}");
    }
}

fn main() {
    print([1].iter());
}
