use safe_state::resumable;

#[resumable]
fn twice() {
    for x in 0..3 {
        println!("{x}");
    }
    for y in 5..8 {
        println!("{y}");
    }
}

fn main() {
    twice();
}
