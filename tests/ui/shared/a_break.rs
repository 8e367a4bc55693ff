use safe_state::resumable;

#[resumable(shared)]
fn print(lines: &[u32]) {
    for line in lines {
        if *line == 7 {
            break;
        }
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
