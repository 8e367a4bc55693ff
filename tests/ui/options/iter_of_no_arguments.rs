use safe_state::resumable;

#[resumable(iter = lines)]
fn print() {
    for line in 0..3 {
        println!("{line}");
    }
}

fn main() {
    print();
}
