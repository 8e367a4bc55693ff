use safe_state::resumable;

#[tokio::main]
#[resumable]
async fn main() {
    for line in 0..3 {
        println!("{line}");
    }
}
