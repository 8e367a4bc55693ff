use safe_state::resumable;

#[resumable]
fn print<I>(lines: I) {
    for line in lines {
        drop(line);
    }
}

fn main() {
    print([1]);
}
