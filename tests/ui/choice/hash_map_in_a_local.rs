use std::collections::HashMap;

use safe_state::resumable;

#[resumable]
fn print(names: &[String]) {
    let lengths: HashMap<&String, usize> = names.iter().map(|name| (name, name.len())).collect();
    for (name, length) in lengths {
        println!("{name} {length}");
    }
}

fn main() {
    print(&[]);
}
