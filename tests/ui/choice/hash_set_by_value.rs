use safe_state::resumable;

#[resumable]
fn print(names: std::collections::HashSet<String>) {
    for name in names.iter().filter(|name| !name.is_empty()) {
        println!("{name}");
    }
}

fn main() {
    print(Default::default());
}
