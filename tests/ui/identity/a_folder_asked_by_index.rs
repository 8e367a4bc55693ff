use std::path::Path;

use safe_state::resumable;

#[resumable]
fn list(folder: &Path) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?;
    #[resume]
    while let Some(entry) = entries.next() {
        println!("{}", entry?.path().display());
    }
    Ok(())
}

fn main() {}
