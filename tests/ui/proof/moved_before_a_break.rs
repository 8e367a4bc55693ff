use safe_state::resumable;

#[resumable]
fn until(numbers: &[u64], name: String) {
    for number in numbers {
        if *number == 0 {
            drop(name);
            break;
        }
    }
}

fn main() {
    until(&[1], String::new());
}
