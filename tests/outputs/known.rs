//! Tests that a file goes on only if it is the one that it was, or a copy. Any other file stays as it is, and the error
//! says what it is.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

use safe_state::{Job, resumable};

use crate::{append_to, line, lines, read, said};

const ITEMS: u64 = 8;

#[resumable(name = "log", state_dir = dir.join("state"), reconnect(out), fresh(fail_at))]
fn log(dir: &Path, length: usize, fail_at: Option<u64>) -> anyhow::Result<()> {
    let mut out: File = append_to(&dir.join("out.log"))?;
    for item in 0..ITEMS {
        let text = line(item, length);
        let (half, rest) = text.split_at(text.len() / 2);
        out.write_all(half.as_bytes())?;
        anyhow::ensure!(fail_at != Some(item), "stopped");
        out.write_all(rest.as_bytes())?;
    }
    Ok(())
}

/// A job that has done five items and half of the sixth, and its folder.
struct Trial {
    dir: tempfile::TempDir,
    length: usize,
}

impl Trial {
    fn of(length: usize) -> Self {
        let trial = Trial { dir: tempfile::tempdir().unwrap(), length };
        assert_eq!(said(log(trial.dir.path(), length, Some(5))), "stopped");
        trial
    }

    fn file(&self) -> std::path::PathBuf {
        self.dir.path().join("out.log")
    }

    fn named(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn again(&self) -> anyhow::Result<()> {
        log(self.dir.path(), self.length, None)
    }

    /// Runs the job, which has to be refused with `why`, and checks that the file stays as it is.
    fn refused(&self, why: &str) -> String {
        let before = fs::read(self.file()).unwrap();
        let said = said(self.again());
        assert!(said.contains(why), "{said}");
        assert_eq!(fs::read(self.file()).unwrap(), before, "{said}");
        said
    }

    fn goes_on(&self) {
        self.again().unwrap();
        assert_eq!(read(&self.file()), lines(0..ITEMS, self.length));
    }
}

/// Returns lines as another program would write them.
fn others() -> String {
    lines(100..300, 40)
}

#[test]
fn a_file_that_was_left_alone_goes_on() {
    for length in [0, 40, 700] {
        Trial::of(length).goes_on();
    }
}

#[test]
fn a_file_that_was_rotated_is_told_and_left() {
    for length in [0, 700] {
        let trial = Trial::of(length);
        fs::rename(trial.file(), trial.named("out.log.1")).unwrap();
        let said = trial.again().unwrap_err();
        let said = format!("{said:#}");
        assert!(said.contains("out.log.1` now"), "{said}");
        fs::write(trial.file(), others()).unwrap();
        let said = trial
            .refused("is another file than the one that the progress was saved with, which is `");
        assert!(said.contains("out.log.1` now"), "{said}");
        fs::write(trial.file(), "").unwrap();
        trial.refused("it is another file, which is `");
        fs::rename(trial.named("out.log.1"), trial.file()).unwrap();
        trial.goes_on();
    }
}

#[test]
fn a_file_that_was_copied_away_and_emptied_is_told_and_left() {
    let trial = Trial::of(40);
    fs::copy(trial.file(), trial.named("out.log.1")).unwrap();
    fs::write(trial.file(), others()).unwrap();
    trial.refused("has other bytes before byte 205 than those that were there");
    fs::write(trial.file(), "short").unwrap();
    trial
        .refused("has 5 bytes, but had 205 when the progress was saved; it has been changed since");
}

#[test]
fn a_link_to_elsewhere_is_told_and_left() {
    let trial = Trial::of(40);
    fs::rename(trial.file(), trial.named("away")).unwrap();
    fs::write(trial.named("victim"), others()).unwrap();
    symlink("victim", trial.file()).unwrap();
    trial.refused("cannot be reconnected");
    assert_eq!(read(&trial.named("victim")), others());
}

#[test]
fn a_copy_goes_on() {
    for length in [0, 40, 700] {
        let trial = Trial::of(length);
        fs::copy(trial.file(), trial.named("copy")).unwrap();
        let whole = lines(0..5, length).len() as u64;
        if whole < 1024 {
            // Bytes behind the complete items may belong to somebody else.
            let copy = File::options().write(true).open(trial.named("copy")).unwrap();
            copy.set_len(whole).unwrap();
        }
        fs::rename(trial.named("copy"), trial.file()).unwrap();
        trial.goes_on();
    }
}

#[test]
fn a_file_that_begins_alike_is_not_cut() {
    let trial = Trial::of(40);
    fs::remove_file(trial.file()).unwrap();
    fs::write(trial.file(), lines(0..5, 40) + &others()).unwrap();
    trial.refused("it begins with the same 205 bytes and goes on with");
}

#[test]
fn one_changed_byte_in_the_last_kib_is_noticed_and_one_before_is_not() {
    for (back, is_noticed) in [(1, true), (1024, true), (1025, false)] {
        let trial = Trial::of(700);
        let end = lines(0..5, 700).len() as u64;
        let mut file = File::options().write(true).open(trial.file()).unwrap();
        file.seek(SeekFrom::Start(end - back)).unwrap();
        file.write_all(b"\0").unwrap();
        if is_noticed {
            trial.refused("has other bytes before byte");
        } else {
            trial.again().unwrap();
        }
    }
}

#[test]
fn a_new_file_will_do_while_nothing_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    for lay in [None, Some(others())] {
        assert_eq!(said(log(dir.path(), 40, Some(0))), "stopped");
        fs::rename(dir.path().join("out.log"), dir.path().join("away")).unwrap();
        let before = lay.unwrap_or_default();
        fs::write(dir.path().join("out.log"), &before).unwrap();
        log(dir.path(), 40, None).unwrap();
        assert_eq!(read(&dir.path().join("out.log")), before + &lines(0..ITEMS, 40));
    }
}

#[resumable(name = "reading", state_dir = dir.join("state"), reconnect(input), carry(seen), fresh(fail_at))]
fn reading(dir: &Path, fail_at: Option<u64>) -> anyhow::Result<String> {
    let mut input = BufReader::new(File::open(dir.join("input"))?);
    let mut seen = String::new();
    for item in 0..ITEMS {
        input.read_line(&mut seen)?;
        anyhow::ensure!(fail_at != Some(item), "stopped");
    }
    Ok(seen)
}

#[test]
fn an_input_is_the_one_that_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("input");
    fs::write(&input, lines(0..ITEMS, 9)).unwrap();
    reading(dir.path(), Some(5)).unwrap_err();
    fs::write(&input, lines(100..140, 9)).unwrap();
    let said = said(reading(dir.path(), None));
    assert!(said.contains("has other bytes before byte"), "{said}");
    fs::write(&input, lines(0..ITEMS, 9)).unwrap();
    assert_eq!(reading(dir.path(), None).unwrap(), lines(0..ITEMS, 9));
}

#[resumable(name = "patched", state_dir = dir.join("state"), reconnect(out), fresh(fail_at))]
fn patched(dir: &Path, fail_at: Option<u64>) -> anyhow::Result<()> {
    let mut out = {
        let mut out = BufWriter::new(File::create(dir.join("out"))?);
        out.write_all(&[0; 2048])?;
        out
    };
    for item in 0..ITEMS {
        // The number of items stands at the beginning of the file.
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&item.to_le_bytes())?;
        out.seek(SeekFrom::End(0))?;
        out.write_all(line(item, 9).as_bytes())?;
        anyhow::ensure!(fail_at != Some(item), "stopped");
    }
    out.flush()?;
    Ok(())
}

#[test]
fn a_program_may_go_back_in_its_file() {
    let dir = tempfile::tempdir().unwrap();
    patched(dir.path(), Some(5)).unwrap_err();
    patched(dir.path(), None).unwrap();
    let mut whole = Vec::new();
    File::open(dir.path().join("out")).unwrap().read_to_end(&mut whole).unwrap();
    assert_eq!(whole[..8], (ITEMS - 1).to_le_bytes());
    assert_eq!(whole[2048..], *lines(0..ITEMS, 9).as_bytes());
}

#[resumable(name = "gap", state_dir = dir.join("state"), reconnect(out))]
fn gap(dir: &Path) -> anyhow::Result<()> {
    let mut out = File::create(dir.join("out"))?;
    for _ in 0..ITEMS {
        out.seek(SeekFrom::End(10))?;
    }
    Ok(())
}

#[test]
fn a_place_behind_the_end_is_not_saved() {
    let dir = tempfile::tempdir().unwrap();
    let said = said(gap(dir.path()));
    assert!(said.contains("has 0 bytes, but was written up to byte 10"), "{said}");
    assert!(!said.contains("clear"), "{said}");
}

#[resumable(name = "removed", state_dir = dir.join("state"), reconnect(out), fresh(fail_at, removed_at))]
fn removed(dir: &Path, removed_at: Option<u64>, fail_at: Option<u64>) -> anyhow::Result<()> {
    let mut out: File = append_to(&dir.join("out"))?;
    for item in 0..ITEMS {
        if removed_at == Some(item) {
            fs::remove_dir_all(dir.join("state"))?;
        }
        out.write_all(line(item, 9).as_bytes())?;
        anyhow::ensure!(fail_at != Some(item), "stopped");
    }
    Ok(())
}

#[test]
fn a_state_directory_that_is_made_again_knows_the_file() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(said(removed(dir.path(), Some(2), Some(5))), "stopped");
    removed(dir.path(), None, None).unwrap();
    assert_eq!(read(&dir.path().join("out")), lines(0..ITEMS, 9));
}

/// Its state and its output lie in one folder.
#[resumable(name = "log", state_dir = dir.join("state"), reconnect(out), fresh(dir, fail_at))]
fn in_folder(dir: &Path, fail_at: Option<u64>) -> anyhow::Result<()> {
    let mut out: File = append_to(&dir.join("out.log"))?;
    for item in 0..ITEMS {
        out.write_all(line(item, 9).as_bytes())?;
        anyhow::ensure!(fail_at != Some(item), "stopped");
    }
    Ok(())
}

#[test]
fn a_copy_of_the_folder_leaves_the_output_of_the_first_alone() {
    let (first, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(said(in_folder(first.path(), Some(5))), "stopped");
    copy_dir(first.path(), copy.path());
    let refused = said(in_folder(copy.path(), None));
    assert!(refused.contains("what is stored was copied"), "{refused}");
    assert_eq!(read(&first.path().join("out.log")), lines(0..6, 9));
    in_folder(first.path(), None).unwrap();
    assert_eq!(read(&first.path().join("out.log")), lines(0..ITEMS, 9));
}

#[test]
fn a_job_that_began_in_a_copied_folder_goes_on() {
    let (first, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(said(in_folder(first.path(), Some(5))), "stopped");
    copy_dir(first.path(), copy.path());
    Job::new("log").state_dir(copy.path().join("state")).clear_checkpoint().unwrap();
    fs::remove_file(copy.path().join("out.log")).unwrap();
    assert_eq!(said(in_folder(copy.path(), Some(5))), "stopped");
    in_folder(copy.path(), None).unwrap();
    assert_eq!(read(&copy.path().join("out.log")), lines(0..ITEMS, 9));
}

fn copy_dir(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() {
            fs::create_dir(&to).unwrap();
            copy_dir(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

#[test]
fn a_folder_that_was_renamed_goes_on_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (before, after) = (dir.path().join("before"), dir.path().join("after"));
    fs::create_dir(&before).unwrap();
    assert_eq!(said(in_folder(&before, Some(5))), "stopped");
    fs::rename(&before, &after).unwrap();
    in_folder(&after, None).unwrap();
    assert_eq!(read(&after.join("out.log")), lines(0..ITEMS, 9));
}

#[test]
fn a_file_that_was_edited_goes_on_as_it_is_if_that_is_accepted() {
    let trial = Trial::of(9);
    let edited = format!("# by hand\n{}", lines(0..5, 9));
    fs::write(trial.file(), &edited).unwrap();
    let said = trial.refused("has other bytes before byte");
    assert!(said.contains("safe-state accept"), "{said}");
    Job::new("log").state_dir(trial.named("state")).accept().unwrap();
    trial.again().unwrap();
    assert_eq!(read(&trial.file()), edited + &lines(5..ITEMS, 9));
}

#[test]
fn a_file_that_was_cut_or_made_anew_goes_on_if_that_is_accepted() {
    for kept in [0, 1] {
        let trial = Trial::of(9);
        fs::remove_file(trial.file()).unwrap();
        let said = said(trial.again());
        assert!(said.contains("No such file"), "{said}");
        fs::write(trial.file(), lines(0..kept, 9)).unwrap();
        trial.refused("bytes, but had");
        Job::new("log").state_dir(trial.named("state")).accept().unwrap();
        trial.again().unwrap();
        assert_eq!(read(&trial.file()), lines(0..kept, 9) + &lines(5..ITEMS, 9));
    }
}
