use std::fs::File;
use std::io::{BufWriter, Write};

struct Export {
    out: BufWriter<File>,
}

impl Export {
    #[safe_state::resumable(fresh(self.out))]
    fn held_back(&mut self, rows: &[u64]) -> anyhow::Result<()> {
        for row in rows {
            writeln!(self.out, "{row}")?;
        }
        self.out.flush()?;
        Ok(())
    }

    #[safe_state::resumable(fresh(self.out))]
    fn flushed(&mut self, rows: &[u64]) -> anyhow::Result<()> {
        for row in rows {
            writeln!(self.out, "{row}")?;
            self.out.flush()?;
        }
        Ok(())
    }
}

fn main() {
    let mut export = Export { out: BufWriter::new(File::open("rows").unwrap()) };
    let _ = export.held_back(&[]);
    let _ = export.flushed(&[]);
}
