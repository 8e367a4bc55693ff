use safe_state::resumable;

#[resumable(shared)]
fn find(lines: &[u32]) -> std::io::Result<bool> {
    for line in lines {
        if *line == 7 {
            return Ok(true);
        }
        if *line == 8 {
            return Err(std::io::Error::other("eight"));
        }
    }
    Ok(false)
}

fn main() {
    find(&[1]).unwrap();
}
