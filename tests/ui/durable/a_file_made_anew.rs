use std::fs::File;
use std::io::{BufWriter, Write};

#[safe_state::resumable(fresh(out))]
fn rows(rows: &[u64]) -> anyhow::Result<()> {
    let mut out = BufWriter::new(File::create("rows")?);
    for row in rows {
        writeln!(out, "{row}")?;
        out.flush()?;
    }
    Ok(())
}

fn main() {
    let _ = rows(&[]);
}
