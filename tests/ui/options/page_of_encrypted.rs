use safe_state::resumable;

#[resumable(encrypt = key, page_dir = "/pages")]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
