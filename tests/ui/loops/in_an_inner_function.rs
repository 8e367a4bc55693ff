use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    fn each(lines: &[u32]) {
        for line in lines {
            println!("{line}");
        }
    }
    each(lines)
}

fn main() {
    print(&[1]);
}
