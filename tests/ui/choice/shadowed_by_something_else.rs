use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    println!("{}", lines.len());
    let lines = [1, 2, 3];
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
