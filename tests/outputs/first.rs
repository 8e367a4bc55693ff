//! Tests that output is cut off if it was written by an item that fails before anything is complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use safe_state::{Error, Job, resumable};

use crate::{append_to, line, lines, of_each, read};

#[resumable(name = "torn", state_dir = dir.join("state"), reconnect(out), fresh(fails))]
fn torn(dir: &Path, fails: bool) -> anyhow::Result<()> {
    let mut out: File = append_to(&dir.join("rows"))?;
    for item in 0..4 {
        write!(out, "{{\"id\": ")?;
        anyhow::ensure!(!fails, "blip");
        writeln!(out, "{item}}}")?;
    }
    Ok(())
}

#[test]
fn a_torn_head_is_cut_off() {
    for before in ["", "of a run before\n"] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("rows"), before).unwrap();
        for _ in 0..3 {
            torn(dir.path(), true).unwrap_err();
        }
        torn(dir.path(), false).unwrap();
        let rows = of_each(0..4, |item| format!("{{\"id\": {item}}}\n"));
        assert_eq!(read(&dir.path().join("rows")), before.to_owned() + &rows);
    }
}

#[resumable(name = "torn", state_dir = dir.join("state"), reconnect(out))]
fn torn_by_argument(dir: &Path, bad: u64) -> anyhow::Result<()> {
    let mut out: File = append_to(&dir.join("rows"))?;
    for item in 0..4 {
        write!(out, "{{\"id\": ")?;
        anyhow::ensure!(item != bad, "blip");
        writeln!(out, "{item}}}")?;
    }
    Ok(())
}

/// Beginning anew with another argument would leave the torn head where it is.
#[test]
fn a_torn_head_belongs_to_the_job_whose_argument_it_was() {
    let dir = tempfile::tempdir().unwrap();
    torn_by_argument(dir.path(), 0).unwrap_err();
    let error = torn_by_argument(dir.path(), 99).unwrap_err();
    let refused = error.downcast_ref();
    assert!(matches!(refused, Some(Error::ArgumentChanged { argument, .. }) if argument == "bad"));
    Job::new("torn").state_dir(dir.path().join("state")).accept().unwrap();
    torn_by_argument(dir.path(), 99).unwrap();
    let rows = of_each(0..4, |item| format!("{{\"id\": {item}}}\n"));
    assert_eq!(read(&dir.path().join("rows")), rows);
}

#[resumable(name = "later", state_dir = dir.join("state"), reconnect(out), save_every = 1, fresh(fails))]
async fn headed(dir: &Path, fails: bool) -> anyhow::Result<()> {
    let mut out: BufWriter<File> = {
        let mut out = BufWriter::new(append_to(&dir.join("rows"))?);
        writeln!(out, "id")?;
        out
    };
    for item in 0..4 {
        write!(out, "{}", line(item, 9))?;
        if fails {
            out.flush()?;
            anyhow::bail!("blip");
        }
    }
    out.flush()?;
    Ok(())
}

#[test]
fn a_header_is_written_once() {
    let dir = tempfile::tempdir().unwrap();
    for fails in [true, true, false] {
        let _ = smol::block_on(headed(dir.path(), fails));
    }
    assert_eq!(read(&dir.path().join("rows")), "id\n".to_owned() + &lines(0..4, 9));
}
