use safe_state::resumable;

#[resumable(shared)]
fn print(lines: &[u32]) {
    let mut rest = lines.iter();
    #[resume]
    for line in rest.by_ref().take(3) {
        println!("{line}");
    }
    println!("{}", rest.count());
}

fn main() {
    print(&[1]);
}
