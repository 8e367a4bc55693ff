//! Tests files that are no regular files, where the command reads its own files or writes a file that the user names.

use std::fs;
use std::io::Read;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use safe_state_tests::Worker;

use crate::command::Jobs;

fn made(program: &str, path: &Path, arguments: &[&str]) {
    let made = Command::new(program).arg(path).args(arguments).output().unwrap();
    assert!(made.status.success(), "{program} made no `{}`: {made:?}", path.display());
}

#[test]
fn what_cannot_be_opened_is_a_line_among_other_jobs() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    made("mkfifo", &jobs.dir().join("pipe.safestate"), &[]);
    made("truncate", &jobs.dir().join("sparse.safestate"), &["--size=1T"]);
    std::os::unix::fs::symlink("/dev/zero", jobs.dir().join("zero.safestate")).unwrap();
    let told = jobs.tell(&["list"]);
    assert_eq!(told.code, 1, "{told:?}");
    let row = |job: &str| told.out.lines().find(|line| line.starts_with(job)).unwrap();
    assert!(row("mail").contains("failed"), "{told:?}");
    for (job, why) in [
        ("pipe", "it is a FIFO"),
        ("sparse", "it has 1099511627776 bytes"),
        ("zero", "it is a symbolic link"),
    ] {
        assert!(row(job).contains("unreadable") && told.out.contains(why), "{told:?}");
        for command in ["peek", "explain", "failure", "dead-letters"] {
            let told = jobs.tell(&[command, job]);
            assert!(told.code == 1 && told.err.contains(why), "{told:?}");
        }
    }
}

/// Runs all commands that write to a path that the user names.
fn write_to(jobs: &Jobs, path: &str) {
    let checkpoint = jobs.dir().join("mail.safestate");
    let checkpoint = checkpoint.to_str().unwrap();
    for arguments in [
        &["failure", "mail", "--html", path][..],
        &["failure", "mail", "--save", path],
        &["export", "mail", path],
        &["export", "mail", path, "--overwrite"],
        &["doctor", checkpoint, "--repair", path],
    ] {
        let told = jobs.tell(arguments);
        assert_eq!(told.code, 0, "{arguments:?}: {told:?}");
    }
}

fn beside(jobs: &Jobs) -> Vec<PathBuf> {
    let entries = fs::read_dir(jobs.dir()).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.collect();
    paths.sort();
    paths
}

#[test]
fn a_device_is_written_into_and_stays_one() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let null = jobs.dir().join("null");
    // Only root may make a device.
    made("mknod", &null, &["c", "1", "3"]);
    let before = beside(&jobs);
    write_to(&jobs, null.to_str().unwrap());
    assert!(fs::metadata(&null).unwrap().file_type().is_char_device());
    assert_eq!(beside(&jobs), before);
}

#[test]
fn a_pipe_is_written_into_and_stays_one() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "no");
    let pipe = jobs.dir().join("pipe");
    made("mkfifo", &pipe, &[]);
    let told = jobs.tell(&["failure", "mail", "--html", pipe.to_str().unwrap()]);
    assert!(told.code == 1 && told.err.contains("a pipe from which nobody reads"), "{told:?}");
    // The pipe is open for writing as well, so that reading never comes to its end.
    let mut open = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let reader = thread::spawn(move || {
        let (mut read, mut part) = (Vec::new(), [0; 4096]);
        while !read.ends_with(b"that is all") {
            let len = open.read(&mut part).unwrap();
            read.extend_from_slice(&part[..len]);
        }
        read
    });
    write_to(&jobs, pipe.to_str().unwrap());
    fs::write(&pipe, "that is all").unwrap();
    let read = reader.join().unwrap();
    assert!(read.windows(9).any(|part| part == b"<!doctype" || part == b"<!DOCTYPE"));
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
}

/// Changes the words in the lock file of a job that runs, or ran.
fn edit_lock(dir: &Path, edit: impl FnOnce(&mut Vec<String>)) {
    let path = lock_in(dir);
    let line = fs::read_to_string(&path).unwrap();
    let mut words: Vec<String> = line.trim_end().split(['/', ' ']).map(str::to_owned).collect();
    edit(&mut words);
    let [pid, since, host, boot, namespace, rest] = words.try_into().unwrap();
    fs::write(&path, format!("{pid} {since} {host} {boot}/{namespace}/{rest}\n")).unwrap();
}

fn lock_in(dir: &Path) -> PathBuf {
    let mut entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|path| path.extension().is_some_and(|it| it == "lock")).unwrap()
}

#[test]
fn whether_a_job_runs_is_not_told_by_a_number() {
    let jobs = Jobs::new();
    let worker = Worker::holding(env!("CARGO_BIN_EXE_worker"), jobs.dir());
    let list = || jobs.json(&["list"])["jobs"][0].clone();
    // The lock says that the machine was booted another time, which looks like another machine with the same name.
    edit_lock(jobs.dir(), |words| "00000000-boot".clone_into(&mut words[3]));
    assert_eq!(list()["state"], "running");
    worker.kill();
    assert_eq!(list()["state"], "killed");
    // The lock says that the job ran in another container.
    edit_lock(jobs.dir(), |words| "7".clone_into(&mut words[4]));
    assert_eq!(list()["state"], "killed");
    let job = list()["job"].as_str().unwrap().to_owned();
    let told = jobs.tell(&["cancel", &job]);
    assert!(told.code == 3 && told.err.contains("is not running"), "{told:?}");
    let told = jobs.json(&["explain", &job]);
    assert_eq!(told["begins"], true);
}
