use safe_state::resumable;

#[resumable(carry(queue))]
fn walk(start: u64) {
    let mut queue = vec![start];
    #[resume(key = |node| *node)]
    while let Some(node) = queue.pop() {
        if node < 100 {
            queue.push(node * 2);
        }
    }
}

fn main() {
    walk(1);
}
