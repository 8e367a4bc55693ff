use std::fs::File;
use std::io::Write;

use safe_state::resumable;

#[resumable(page, save_every = "2s", reconnect(out))]
fn print(lines: &[u32]) -> std::io::Result<()> {
    let mut out = File::create("lines")?;
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn main() {
    print(&[1]).unwrap();
}
