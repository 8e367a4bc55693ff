use safe_state::resumable;

#[resumable]
fn print(lines: &[u32]) {
    #[resume]
    while lines.len() > 3 {
        println!("{lines:?}");
    }
}

fn main() {
    print(&[1]);
}
