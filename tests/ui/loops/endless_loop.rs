use safe_state::resumable;

#[resumable]
fn poll(queue: &std::sync::mpsc::Receiver<u32>) {
    loop {
        match queue.recv() {
            Ok(x) => println!("{x}"),
            Err(_) => break,
        }
    }
}

fn main() {
    let _: fn(&std::sync::mpsc::Receiver<u32>) = poll;
}
