use safe_state::resumable;

#[resumable]
fn print(count: u32) {
    for line in count {
        println!("{line}");
    }
}

fn main() {
    print(1);
}
