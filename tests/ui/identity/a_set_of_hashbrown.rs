use safe_state::resumable;

type Names = hashbrown::HashSet<String>;

#[resumable]
fn list(names: &Names) {
    for name in names {
        println!("{name}");
    }
}

fn main() {}
