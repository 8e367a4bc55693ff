use safe_state::{checkpoint, resumable};

struct Queue(Vec<u64>);

impl Queue {
    fn first(&mut self) -> Option<u64> {
        self.0.pop()
    }
}

#[resumable(manual, carry(queue))]
fn walk(start: u64) -> Option<u64> {
    let mut queue = Queue(vec![start, 1]);
    let first = queue.first();
    while let Some(node) = queue.0.pop() {
        println!("{node}");
        checkpoint!();
    }
    first
}

fn main() {
    walk(1);
}
