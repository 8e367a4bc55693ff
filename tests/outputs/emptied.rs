//! Tests a file that something else empties while a run writes it. The run tells so, and does not take a hole of zeros
//! for what was written.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use safe_state::resumable;

use crate::{append_to, line, lines, read, said};

const ITEMS: u64 = 8;

/// Empties the file, as `copytruncate` and another program's `File::create` do.
fn empty(path: &Path) {
    drop(File::create(path).unwrap());
}

#[resumable(name = "made", state_dir = dir.join("state"), save_every = 1, reconnect(out))]
fn made(dir: &Path, emptied: bool) -> anyhow::Result<()> {
    let path = dir.join("out");
    let mut out = BufWriter::new(File::create(&path)?);
    for item in 0..ITEMS {
        out.write_all(line(item, 40).as_bytes())?;
        if emptied && item == 4 {
            empty(&path);
        }
    }
    Ok(())
}

#[resumable(name = "appended", state_dir = dir.join("state"), save_every = 1, reconnect(out))]
fn appended(dir: &Path, emptied: bool) -> anyhow::Result<()> {
    let path = dir.join("out");
    let mut out: File = append_to(&path)?;
    for item in 0..ITEMS {
        if emptied && item == 4 {
            empty(&path);
            out.write_all(lines(90..99, 80).as_bytes())?;
        }
        out.write_all(line(item, 40).as_bytes())?;
    }
    Ok(())
}

#[test]
fn a_file_that_is_emptied_in_the_run_is_told() {
    for job in [made, appended] {
        let dir = tempfile::tempdir().unwrap();
        let said = said(job(dir.path(), true));
        assert!(said.contains("it was emptied in this run"), "{said}");
        let dir = tempfile::tempdir().unwrap();
        job(dir.path(), false).unwrap();
        assert_eq!(read(&dir.path().join("out")), lines(0..ITEMS, 40));
    }
}

#[resumable(name = "list", state_dir = dir.join("state"), save_every = 1, reconnect(out, status))]
fn list(dir: &Path) -> anyhow::Result<()> {
    let mut out = File::create(dir.join("out"))?;
    let mut status = File::create(dir.join("status"))?;
    for item in 0..ITEMS {
        if item == 0 {
            write!(out, "[{item}]")?;
        } else {
            out.seek(SeekFrom::End(-1))?;
            write!(out, ",{item}]")?;
        }
        status.set_len(0)?;
        status.rewind()?;
        write!(status, "{}", ITEMS - item)?;
    }
    Ok(())
}

/// The program may change its own files: only changes by others are told.
#[test]
fn a_program_may_write_over_what_it_has_written() {
    let dir = tempfile::tempdir().unwrap();
    list(dir.path()).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("out")).unwrap(), "[0,1,2,3,4,5,6,7]");
    assert_eq!(fs::read_to_string(dir.path().join("status")).unwrap(), "1");
}
