use safe_state::resumable;

#[resumable(name = "a" save_every = 2)]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
