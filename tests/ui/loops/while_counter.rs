use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    let mut at = 0;
    while at < lines.len() {
        println!("{}", lines[at]);
        at += 1;
    }
}

fn main() {
    print(&[1]);
}
