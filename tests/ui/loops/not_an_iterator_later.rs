use safe_state::resumable;

#[resumable]
async fn print(count: u32) {
    for line in count {
        println!("{line}");
    }
}

fn main() {
    drop(print(1));
}
