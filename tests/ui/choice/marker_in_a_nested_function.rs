use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    fn inner(lines: &[u32]) {
        #[resume]
        for line in lines {
            println!("{line}");
        }
    }
    for line in lines {
        inner(&[*line]);
    }
}

fn main() {
    print(&[1]);
}
