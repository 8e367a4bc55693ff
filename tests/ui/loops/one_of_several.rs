use safe_state::resumable;

#[resumable]
fn send(paths: &[&str]) {
    let mut lengths = Vec::new();
    for path in paths {
        println!("{path}");
    }
    for path in paths {
        lengths.push(path.len());
    }
    while let Some(length) = lengths.pop() {
        println!("{length}");
    }
}

#[resumable]
fn poll(paths: &[&str]) {
    for path in paths {
        println!("{path}");
    }
    while std::path::Path::new("lock").exists() {}
}

fn main() {
    send(&[]);
    poll(&[]);
}
