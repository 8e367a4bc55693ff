use safe_state::{commit, resumable};

struct Own;

#[resumable]
fn print(lines: &[u32]) -> Result<(), safe_state::Error> {
    for line in lines {
        println!("{line}");
        commit!(Own)?;
    }
    Ok(())
}

fn main() {
    print(&[1]).unwrap();
}
