//! Code before a loop runs again in a resumed run.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use safe_state::{resumable, step};

#[resumable]
fn literal(rows: &[u64]) -> anyhow::Result<()> {
    fs::write("out.csv", "id\n")?;
    for row in rows {
        let mut out = OpenOptions::new().append(true).open("out.csv")?;
        writeln!(out, "{row}")?;
    }
    Ok(())
}

#[resumable]
fn variable(rows: &[u64], to: &Path) -> anyhow::Result<()> {
    let _ = fs::remove_dir_all(to);
    fs::create_dir(to)?;
    #[resume]
    for row in rows {
        File::create(to.join(row.to_string()))?;
    }
    Ok(())
}

#[resumable]
fn folder(rows: &[u64]) -> anyhow::Result<usize> {
    let dir = tempfile::tempdir()?;
    for row in rows {
        fs::write(dir.path().join(row.to_string()), "")?;
    }
    Ok(fs::read_dir(dir.path())?.count())
}

#[resumable(fresh(out))]
fn file(rows: &[u64]) -> anyhow::Result<()> {
    let mut out = tempfile::NamedTempFile::new()?;
    for row in rows {
        writeln!(out, "{row}")?;
    }
    Ok(())
}

#[resumable]
fn table(db: &Db, rows: &[u64]) -> anyhow::Result<()> {
    db.execute("DROP TABLE IF EXISTS t")?;
    #[resume]
    for row in rows {
        db.execute(&format!("INSERT INTO t VALUES ({row})"))?;
    }
    Ok(())
}

/// An inner loop goes on in the middle of its item.
#[resumable]
fn within(rows: &[Vec<u64>]) -> anyhow::Result<()> {
    #[resume]
    for cells in rows {
        let name = format!("{}.csv", cells.len());
        File::create(&name)?;
        #[resume]
        for cell in cells {
            fs::write(&name, cell.to_string())?;
        }
    }
    Ok(())
}

mod tempfile {
    use std::io;
    use std::path::Path;

    pub struct TempDir;

    impl TempDir {
        pub fn path(&self) -> &Path {
            Path::new("")
        }
    }

    pub fn tempdir() -> io::Result<TempDir> {
        Ok(TempDir)
    }

    pub struct NamedTempFile;

    impl NamedTempFile {
        pub fn new() -> io::Result<Self> {
            Ok(NamedTempFile)
        }
    }

    impl io::Write for NamedTempFile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}

struct Db;

impl Db {
    fn execute(&self, _: &str) -> anyhow::Result<()> {
        Ok(())
    }
}

// These stay as they are.

#[resumable]
fn once(rows: &[u64]) -> anyhow::Result<()> {
    step!("anew", fs::write("out.csv", "id\n")?);
    for row in rows {
        let mut out = OpenOptions::new().append(true).open("out.csv")?;
        writeln!(out, "{row}")?;
    }
    Ok(())
}

#[resumable]
fn elsewhere(rows: &[u64], to: &Path) -> anyhow::Result<()> {
    fs::write(to.join("began"), "")?;
    if !to.join("out").exists() {
        fs::write(to.join("out"), "id\n")?;
    }
    #[resume]
    for row in rows {
        fs::write(to.join(row.to_string()), "")?;
    }
    Ok(())
}

fn main() {}
