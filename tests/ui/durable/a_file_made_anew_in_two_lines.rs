use std::fs::File;
use std::io::{BufWriter, Write};

#[safe_state::resumable(fresh(out))]
fn rows(rows: &[u64]) -> anyhow::Result<()> {
    let file = File::create("rows")?;
    let mut out = BufWriter::new(file);
    for row in rows {
        writeln!(out, "{row}")?;
        out.flush()?;
    }
    Ok(())
}

fn main() {
    let _ = rows(&[]);
}
