use safe_state::resumable;

#[resumable(shared, fresh(stack))]
fn walk(mut stack: Vec<u32>) {
    #[resume]
    while let Some(depth) = stack.pop() {
        if depth > 0 {
            stack.push(depth - 1);
        }
    }
}

fn main() {
    walk(vec![3]);
}
