use std::cell::RefCell;
use std::rc::Rc;

use safe_state::resumable;

#[resumable(key = |node| node.borrow().0)]
fn raise(numbers: &[u64]) -> u64 {
    let nodes: Vec<_> = numbers.iter().map(|it| Rc::new(RefCell::new((*it, 0)))).collect();
    for node in &nodes {
        node.borrow_mut().1 += 1;
    }
    nodes.iter().map(|node| node.borrow().1).sum()
}

fn main() {
    raise(&[1]);
}
