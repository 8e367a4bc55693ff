use safe_state::resumable;

#[resumable]
fn run(tasks: Vec<Box<dyn Fn()>>) {
    for task in tasks {
        task();
    }
}

fn main() {}
