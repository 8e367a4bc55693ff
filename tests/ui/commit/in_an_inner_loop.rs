use safe_state::{commit, resumable};

#[resumable]
fn print(lines: &[u32]) -> Result<(), safe_state::Error> {
    for line in lines {
        for _ in 0..*line {
            commit!(7)?;
        }
    }
    Ok(())
}

fn main() {
    print(&[1]).unwrap();
}
