use safe_state::{checkpoint, resumable};

#[resumable(manual, carry(queue))]
fn walk(start: u64) -> usize {
    let mut queue = Vec::new();
    queue.push(start);
    while let Some(node) = queue.pop() {
        if node < 100 {
            queue.push(node * 2);
        }
        checkpoint!();
    }
    queue.len()
}

fn main() {
    walk(1);
}
