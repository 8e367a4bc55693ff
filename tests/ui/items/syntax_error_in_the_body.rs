use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    for line in lines {
        println!("{line}")
        let x = ;
    }
}

fn main() {
    print(&[1]);
}
