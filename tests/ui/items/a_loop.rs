use safe_state::resumable;

fn main() {
    #[resumable]
    for line in [1, 2] {
        println!("{line}");
    }
}
