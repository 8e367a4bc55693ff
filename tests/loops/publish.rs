//! Tests files that are published: whole or not at all, and once where that is asked for.

use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use safe_state::{Durability, Publication, publish, publish_once, skip_if_exists};

/// Returns the names of the files in a directory.
fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn what_fails_leaves_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let failing = || {
        publish(&path, |file| {
            file.write_all(b"half of it")?;
            file.flush()?;
            Err::<(), _>(io::Error::other("no more"))
        })
    };
    assert_eq!(failing().unwrap_err().to_string(), "no more");
    assert!(names(dir.path()).is_empty());

    publish(&path, |file| file.write_all(b"old")).unwrap();
    failing().unwrap_err();
    let panicking = || publish(&path, |_| -> io::Result<()> { panic!("no more") });
    catch_unwind(AssertUnwindSafe(panicking)).unwrap_err();
    assert_eq!((names(dir.path()), fs::read(&path).unwrap()), (vec!["file".into()], b"old".into()));
}

#[test]
fn what_is_there_is_made_no_second_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    assert!(!skip_if_exists(&path));
    assert_eq!(publish_once(&path, |file| file.write_all(b"it").map(|()| 7)).unwrap(), Some(7));
    assert!(skip_if_exists(&path));
    let again = publish_once(&path, |_| -> io::Result<u8> { panic!("it is there") });
    assert_eq!(again.unwrap(), None);
    assert_eq!(names(dir.path()), ["file"]);
}

#[test]
fn one_of_many_threads_makes_the_file() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = dir.path().join(round.to_string());
        let made = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    publish_once(&path, |file| {
                        made.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(Duration::from_millis(1));
                        file.write_all(b"whole")
                    })
                    .unwrap();
                    assert_eq!(fs::read(&path).unwrap(), b"whole");
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }
}

#[test]
fn a_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let unsynced = Publication::of(&path).durability(Durability::Process);
    unsynced.write(|file| file.write_all(b"new")).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn an_error_says_what_could_not_be_done_where() {
    let dir = tempfile::tempdir().unwrap();
    let error = publish(dir.path().join("none/file"), |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let expected = format!("cannot create `{}/none/file.unpublished`", dir.path().display());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_killed_process_leaves_a_whole_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("published");
    let mut rng = fastrand::Rng::with_seed(1);
    let mut drafts = 0;
    for _ in 0..100 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_worker"))
            .args(["publish", "255"])
            .arg(dir.path())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(30).mul_f64(rng.f64()));
        child.kill().unwrap();
        child.wait().unwrap();
        drafts += usize::from(names(dir.path()).contains(&"published.unpublished".to_owned()));
        if let Ok(bytes) = fs::read(&path) {
            assert_eq!(bytes.len(), 64 * 4096);
            assert!(bytes.iter().all(|byte| *byte == bytes[0]));
        }
    }
    assert!(drafts > 10, "only {drafts} of 100 kills fell inside a publication");
    publish(&path, |file| file.write_all(b"the last")).unwrap();
    assert_eq!(names(dir.path()), ["published"]);
}

/// A link is replaced, and the file that it leads to stays. `skip_if_exists` counts a link as existing even if it leads
/// nowhere.
#[cfg(unix)]
#[test]
fn a_link_is_replaced_wherever_it_leads() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let (path, victim) = (dir.path().join("published"), dir.path().join("victim"));
    fs::write(&victim, "untouched").unwrap();
    for leads_to in ["victim", "nowhere", "."] {
        symlink(leads_to, &path).unwrap();
        assert!(skip_if_exists(&path), "{leads_to}");
        // `publish_once` does not count a link that leads nowhere as a file that was made.
        let once = publish_once(&path, |file| file.write_all(b"once")).unwrap();
        assert_eq!(once.is_some(), leads_to == "nowhere", "{leads_to}");
        publish(&path, |file| file.write_all(b"whole")).unwrap();
        assert!(!path.symlink_metadata().unwrap().is_symlink(), "{leads_to}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
        assert!(!dir.path().join("nowhere").exists());
        fs::remove_file(&path).unwrap();
    }
}
