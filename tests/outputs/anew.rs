//! Tests a file in `fresh(..)` that a caller or a helper makes anew: the next run tells that what complete items wrote is
//! gone. A file that is appended to, or that each run opens as it is, goes on.

use std::fs::{self, File};
use std::io::{BufWriter, LineWriter, Seek, SeekFrom, Write};
use std::path::Path;

use safe_state::{Error, Job, resumable};

use crate::{append_to, read};

#[resumable(name = "lent", state_dir = dir.join("state"), fresh(out, fails))]
fn lent(dir: &Path, out: &mut File, fails: bool) -> anyhow::Result<()> {
    for item in 0..4 {
        anyhow::ensure!(!fails || item < 2, "stopped");
        writeln!(out, "{item}")?;
    }
    Ok(())
}

fn opened(path: &Path) -> std::io::Result<LineWriter<File>> {
    File::create(path).map(LineWriter::new)
}

#[resumable(name = "lent", state_dir = dir.join("state"), fresh(out, fails))]
fn helped(dir: &Path, fails: bool) -> anyhow::Result<()> {
    let mut out = opened(&dir.join("out"))?;
    for item in 0..4 {
        anyhow::ensure!(!fails || item < 2, "stopped");
        writeln!(out, "{item}")?;
    }
    Ok(())
}

struct Export {
    out: BufWriter<File>,
}

impl Export {
    #[resumable(name = "lent", state_dir = dir.join("state"), fresh(self.out, fails))]
    fn write(&mut self, dir: &Path, fails: bool) -> anyhow::Result<()> {
        for item in 0..4 {
            anyhow::ensure!(!fails || item < 2, "stopped");
            writeln!(self.out, "{item}")?;
            self.out.flush()?;
        }
        Ok(())
    }
}

/// Runs a job that fails and runs it again, which tells that its file was made anew.
#[track_caller]
fn is_told(run: impl Fn(&Path, bool) -> anyhow::Result<()>, name: &str) {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), true).unwrap_err();
    let error = run(dir.path(), false).unwrap_err();
    let told = matches!(
        error.downcast_ref(),
        Some(Error::MadeAnew { name: variable, path, .. }) if variable == name && path.ends_with("out")
    );
    assert!(told && error.to_string().contains(&format!("reconnect({name})")), "{error}");
    Job::new("lent").state_dir(dir.path().join("state")).accept().unwrap();
    run(dir.path(), false).unwrap();
    assert_eq!(read(&dir.path().join("out")), "2\n3\n");
}

#[test]
fn a_file_that_a_caller_or_a_helper_makes_anew_is_told() {
    let create = |dir: &Path| File::create(dir.join("out")).unwrap();
    is_told(|dir, fails| lent(dir, &mut create(dir), fails), "out");
    is_told(helped, "out");
    is_told(|dir, fails| Export { out: BufWriter::new(create(dir)) }.write(dir, fails), "self.out");
    // It is another file under the same name.
    let replace = |dir: &Path| {
        let _ = fs::remove_file(dir.join("out"));
        create(dir)
    };
    is_told(|dir, fails| lent(dir, &mut replace(dir), fails), "out");
}

#[track_caller]
fn goes_on(open: impl Fn(&Path) -> File, whole: &str) {
    let dir = tempfile::tempdir().unwrap();
    lent(dir.path(), &mut open(&dir.path().join("out")), true).unwrap_err();
    lent(dir.path(), &mut open(&dir.path().join("out")), false).unwrap();
    assert_eq!(read(&dir.path().join("out")), whole);
}

#[test]
fn a_file_that_is_opened_as_it_is_goes_on() {
    goes_on(|path| append_to(path).unwrap(), "0\n1\n2\n3\n");
    let at_its_end = |path: &Path| {
        let mut file = File::options().write(true).create(true).truncate(false).open(path).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        file
    };
    goes_on(at_its_end, "0\n1\n2\n3\n");
    // A log that is rotated away and appended to is a new one on purpose.
    let rotated = |path: &Path| {
        let _ = fs::rename(path, path.with_extension("old"));
        append_to(path).unwrap()
    };
    goes_on(rotated, "2\n3\n");
}

#[test]
fn a_file_of_a_run_that_begins_is_new() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        lent(dir.path(), &mut File::create(dir.path().join("out")).unwrap(), false).unwrap();
        assert_eq!(read(&dir.path().join("out")), "0\n1\n2\n3\n");
    }
}
