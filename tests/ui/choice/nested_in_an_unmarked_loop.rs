use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    for round in 0..3 {
        for line in lines {
            println!("{round} {line}");
        }
    }
}

fn main() {
    print(&[1]);
}
