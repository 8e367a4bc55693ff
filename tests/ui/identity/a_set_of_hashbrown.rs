use hashbrown::HashSet;
use safe_state::resumable;

#[resumable]
fn list(names: &HashSet<String>) {
    for name in names {
        println!("{name}");
    }
}

fn main() {}
