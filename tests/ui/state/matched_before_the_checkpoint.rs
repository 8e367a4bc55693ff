use safe_state::{checkpoint, resumable};

#[resumable(manual, carry(queue))]
fn walk(start: u64) -> bool {
    let mut queue: Vec<u64> = vec![start];
    let is_large = matches!(queue.pop(), Some(n) if n > 1);
    while let Some(node) = queue.pop() {
        println!("{node}");
        checkpoint!();
    }
    is_large
}

fn main() {
    walk(1);
}
