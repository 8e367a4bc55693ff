use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    #[resume]
    for line in lines {
        println!("{line}");
    }
    #[resume]
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
