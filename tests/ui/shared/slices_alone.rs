use safe_state::resumable;

#[resumable(slices = 7)]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
