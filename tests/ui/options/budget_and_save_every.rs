use safe_state::resumable;

#[resumable(save_every = 10, budget = "1%")]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}");
    }
}

fn main() {
    print(&[1]);
}
