use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    for line in lines {
        line + 1
    }
}

fn main() {
    print(&[1]);
}
