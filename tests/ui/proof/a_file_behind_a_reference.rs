use std::fs::File;
use std::io::Write;

use safe_state::resumable;

#[resumable]
fn write(numbers: &[u64]) -> std::io::Result<()> {
    let out = File::create("numbers")?;
    for number in numbers {
        writeln!(&out, "{number}")?;
    }
    Ok(())
}

fn main() {
    write(&[1]).unwrap();
}
