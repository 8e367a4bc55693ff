use std::collections::VecDeque;

use safe_state::resumable;

#[resumable(shared, carry(queue))]
fn crawl(mut queue: VecDeque<u32>) {
    #[resume]
    while let Some(page) = queue.pop_front() {
        println!("{page}");
    }
}

fn main() {
    crawl(VecDeque::new());
}
