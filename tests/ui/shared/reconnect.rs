use std::fs::File;
use std::io::Write;

use safe_state::resumable;

#[resumable(shared, reconnect(out))]
fn print(lines: &[u32]) -> std::io::Result<()> {
    let mut out = File::create("out")?;
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn main() {
    print(&[1]).unwrap();
}
