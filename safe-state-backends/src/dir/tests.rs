use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

use super::*;

const LIMIT: u64 = 1000;

fn made() -> (tempfile::TempDir, Dir) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = Dir::open(temporary.path()).unwrap();
    (temporary, dir)
}

type Put = fn(&Path);

/// Returns functions that put something that is no regular file at a path, each with its name in messages.
fn each_kind() -> [(&'static str, Put); 5] {
    [
        ("a symbolic link", |path| symlink("victim", path).unwrap()),
        ("a symbolic link", |path| symlink("/dev/zero", path).unwrap()),
        ("a FIFO", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success())),
        ("a socket", |path| drop(UnixListener::bind(path).unwrap())),
        ("a directory", |path| fs::create_dir(path).unwrap()),
    ]
}

#[test]
fn nothing_but_a_regular_file_is_opened_and_nothing_is_waited_for() {
    let name = Path::new("job.lock");
    for (kind, put) in each_kind() {
        let (temporary, dir) = made();
        let victim = temporary.path().join("victim");
        fs::write(&victim, "PRECIOUS").unwrap();
        put(&temporary.path().join(name));
        let errors = [
            dir.read(name, LIMIT).map(drop).unwrap_err(),
            dir.file(name).map(drop).unwrap_err(),
            dir.make(name, For::Owner).map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(error.to_string().starts_with(&format!("it is {kind}, ")), "{error}");
        }
        assert_eq!(fs::read(&victim).unwrap(), b"PRECIOUS", "{kind}");
    }
}

#[test]
fn a_second_name_of_anothers_file_is_taken_away() {
    let (temporary, dir) = made();
    let victim = temporary.path().join("victim");
    fs::write(&victim, "PRECIOUS").unwrap();
    fs::hard_link(&victim, temporary.path().join("job.lock")).unwrap();
    let name = Path::new("job.lock");
    assert!(dir.is_another_s(name, &dir.make(name, For::Owner).unwrap()).unwrap());
    let file = dir.make(name, For::Owner).unwrap();
    assert!(!dir.is_another_s(name, &file).unwrap());
    file.set_len(0).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"PRECIOUS");
}

#[test]
fn a_file_that_replaces_goes_in_the_place_of_a_link() {
    let (temporary, dir) = made();
    let name = Path::new("job.safestate.tmp");
    let victim = temporary.path().join("victim");
    fs::write(&victim, "PRECIOUS").unwrap();
    symlink("victim", temporary.path().join(name)).unwrap();
    io::Write::write_all(&mut dir.replace(name).unwrap(), b"new").unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"PRECIOUS");
    assert_eq!(dir.read(name, LIMIT).unwrap().unwrap().1, b"new");
}

#[test]
fn a_file_that_claims_to_be_large_is_not_read() {
    let (temporary, dir) = made();
    let name = Path::new("sparse");
    let sparse = File::create(temporary.path().join(name)).unwrap();
    for (len, is_read) in [(LIMIT, true), (LIMIT + 1, false), (1 << 40, false)] {
        sparse.set_len(len).unwrap();
        match dir.read(name, LIMIT) {
            Ok(read) => assert!(is_read && read.unwrap().1.len() as u64 == len),
            Err(error) => assert!(!is_read && error.kind() == ErrorKind::FileTooLarge, "{error}"),
        }
    }
}

#[test]
fn a_directory_stays_the_same_wherever_its_path_leads() {
    let (temporary, _) = made();
    let path = temporary.path().join("state");
    fs::create_dir(&path).unwrap();
    let dir = Dir::open(&path).unwrap();
    fs::rename(&path, temporary.path().join("moved")).unwrap();
    symlink("/etc", &path).unwrap();
    dir.make(Path::new("job.lock"), For::Owner).unwrap();
    assert!(temporary.path().join("moved/job.lock").exists());
}

#[test]
fn what_is_made_is_ours_and_nothing_is_left_of_asking() {
    let (temporary, dir) = made();
    let file = dir.make(Path::new("file"), For::Owner).unwrap();
    assert!(dir.is_ours(&file).unwrap());
    assert_eq!(dir.other_owner().unwrap(), None);
    assert_eq!(dir.other_owner_of(&file).unwrap(), None);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
}
