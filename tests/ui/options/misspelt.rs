use safe_state::resumable;

#[resumable(save_evry = 3)]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
