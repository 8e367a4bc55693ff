use safe_state::{resumable, step};

#[resumable]
fn print(lines: &[String]) {
    let least: usize = step!("least", "none");
    for line in lines {
        println!("{line} of {least}");
    }
}

fn main() {
    print(&[]);
}
