use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    let all = || {
        #[resume]
        for line in lines {
            println!("{line}");
        }
    };
    all();
}

fn main() {
    print(&[1]);
}
