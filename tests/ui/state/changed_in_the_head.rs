use std::collections::VecDeque;

use safe_state::resumable;

#[resumable(carry(queue))]
fn walk(start: u64) {
    let mut queue = VecDeque::from([start]);
    #[resume]
    while let Some(node) = queue.pop_front() {
        if node < 100 {
            queue.push_back(node * 2);
        }
    }
}

fn main() {
    walk(1);
}
