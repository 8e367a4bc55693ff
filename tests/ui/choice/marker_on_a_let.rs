use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    #[resume]
    let all = lines;
    for line in all {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
