use std::fs::File;
use std::io::{self, Write};

use safe_state::resumable;

#[resumable(reconnect(out))]
fn export(rows: &[u64]) -> io::Result<()> {
    let mut out: File = File::create("rows.csv")?;
    writeln!(out, "row")?;
    for row in rows {
        writeln!(out, "{row}")?;
    }
    Ok(())
}

fn main() {
    export(&[1]).unwrap();
}
