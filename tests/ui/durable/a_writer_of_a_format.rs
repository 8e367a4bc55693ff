use csv::WriterBuilder;

#[safe_state::resumable(fresh(out))]
fn fresh(rows: &[u64]) -> anyhow::Result<()> {
    let mut out = WriterBuilder::new().from_path("rows")?;
    for row in rows {
        out.serialize(row)?;
        out.flush()?;
    }
    Ok(())
}

#[safe_state::resumable]
fn unnamed(rows: &[u64]) -> anyhow::Result<()> {
    let mut out = WriterBuilder::new().from_path("rows")?;
    for row in rows {
        out.serialize(row)?;
        out = out.and_flush();
    }
    Ok(())
}

mod csv {
    pub struct WriterBuilder;
    pub struct Writer;

    impl WriterBuilder {
        pub fn new() -> Self {
            WriterBuilder
        }

        pub fn from_path(self, _: &str) -> anyhow::Result<Writer> {
            Ok(Writer)
        }
    }

    impl Writer {
        pub fn serialize(&mut self, _: &u64) -> anyhow::Result<()> {
            Ok(())
        }

        pub fn flush(&mut self) -> anyhow::Result<()> {
            Ok(())
        }

        pub fn and_flush(self) -> Self {
            self
        }
    }
}

fn main() {
    let _ = (fresh(&[]), unnamed(&[]));
}
