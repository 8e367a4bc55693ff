use std::fs::File;
use std::io::Write;

use safe_state::resumable;

#[resumable(carry(out))]
fn write(lines: &[String]) -> anyhow::Result<()> {
    let mut out = File::create("out")?;
    for line in lines {
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn main() {
    write(&[]).unwrap();
}
