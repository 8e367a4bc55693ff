use std::path::Path;

use safe_state::resumable;

#[resumable]
fn list(folder: &Path) -> std::io::Result<()> {
    #[resume]
    for (at, entry) in std::fs::read_dir(folder)?.enumerate() {
        println!("{at} {}", entry?.path().display());
    }
    Ok(())
}

fn main() {}
