use std::fs::File;
use std::io::{BufWriter, Write};

#[safe_state::resumable(fresh(out))]
fn held_back(rows: &[u64], out: &mut BufWriter<File>) -> anyhow::Result<()> {
    for row in rows {
        writeln!(out, "{row}")?;
        if row % 100 == 0 {
            out.flush()?;
        }
    }
    out.flush()?;
    Ok(())
}

fn main() {
    let mut out = BufWriter::new(File::open("rows").unwrap());
    let _ = held_back(&[], &mut out);
}
