use std::io::{BufWriter, Write};

use safe_state::resumable;

#[resumable]
fn write(numbers: &[u64], out: Vec<u8>) -> std::io::Result<()> {
    let mut out = BufWriter::new(out);
    for number in numbers {
        writeln!(out, "{number}")?;
    }
    Ok(())
}

fn main() {
    write(&[1], Vec::new()).unwrap();
}
