//! Tests `rename`, and what goes with it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use safe_state::{Error, Request, resumable};

use crate::places::{Place, done, on_each};

#[test]
fn a_job_goes_on_under_another_name_with_what_is_asked_of_it() {
    on_each(|place| {
        let (old, new) = (place.fail("mail", 3), place.job("post"));
        old.pause_because("later").unwrap();
        assert!(old.rename("post").unwrap());
        assert!(!old.rename("post").unwrap(), "it is there no more");
        assert_eq!(
            (old.requested().unwrap(), new.requested().unwrap()),
            (None, Some(Request::Pause))
        );
        assert_eq!(new.status().unwrap().asked.reason.as_deref(), Some("later"));
        new.resume().unwrap();
        assert_eq!(done(&old).len(), 8);
        assert_eq!(done(&new), [3, 4, 5, 6, 7]);
    });
}

#[test]
fn no_job_takes_the_name_of_another() {
    on_each(|place| {
        let (mail, post) = (place.fail("mail", 3), place.fail("post", 5));
        let error = mail.rename("post").unwrap_err();
        assert!(matches!(error, Error::NameTaken { .. }), "{error}");
        assert_eq!((done(&mail).len(), done(&post).len()), (5, 3));
    });
}

#[test]
fn a_renaming_that_was_ended_in_the_middle_goes_on() {
    on_each(|place| {
        let old = place.fail("mail", 3);
        let mut copy = old.peek_checkpoint().unwrap().unwrap();
        copy.rename("post", |_, _| None).unwrap();
        place.backend.save("post", &copy.encode().unwrap()).unwrap();
        assert!(old.rename("post").unwrap());
        assert!(old.peek_checkpoint().unwrap().is_none());
        assert_eq!(done(&place.job("post")), [3, 4, 5, 6, 7]);
    });
}

#[resumable(name = name, backend = place.backend.clone(), reconnect(out), fresh(place, name, fails))]
fn write(place: &Place, name: &str, path: &Path, items: &[u64], fails: bool) -> anyhow::Result<()> {
    let mut out: File = OpenOptions::new().create(true).append(true).open(path)?;
    #[resume]
    for item in items {
        anyhow::ensure!(!fails || *item < 3, "no");
        writeln!(out, "{item}")?;
    }
    Ok(())
}

#[test]
fn a_renamed_jobs_output_files_go_on() {
    on_each(|place| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        write(place, "old", &path, &[1, 2, 3, 4], true).unwrap_err();
        assert!(place.job("old").rename("new").unwrap());
        write(place, "new", &path, &[1, 2, 3, 4], false).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n3\n4\n");
    });
}
