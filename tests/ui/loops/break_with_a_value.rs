use safe_state::resumable;

#[resumable]
fn find(lines: &[String]) {
    let least = lines.len();
    for line in lines {
        if line.len() > least {
            break line;
        }
    }
}

fn main() {
    find(&[]);
}
