use safe_state::resumable;

#[resumable(carry(queue))]
fn walk(start: u64, more: Vec<u64>) {
    let mut queue = vec![start];
    let mut more = more.into_iter();
    #[resume]
    while let Some(node) = queue.pop().or_else(|| more.next()) {
        if node < 100 {
            queue.push(node * 2);
        }
    }
}

fn main() {
    walk(1, vec![2]);
}
