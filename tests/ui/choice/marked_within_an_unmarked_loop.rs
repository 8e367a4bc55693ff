use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    while lines.len() > 1 {
        #[resume]
        for line in lines {
            println!("{line}");
        }
    }
}

fn main() {
    print(&[1]);
}
