use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    let all = |prefix: &str| {
        for line in lines {
            println!("{prefix}{line}");
        }
    };
    all("");
}

fn main() {
    print(&[1]);
}
