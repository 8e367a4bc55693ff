use safe_state::resumable;

#[resumable]
fn print(lines: &[String]) {
    let least = lines.len();
    for (at, line) in lines {
        println!("{at}: {line} of {least}");
    }
}

fn main() {
    print(&[]);
}
