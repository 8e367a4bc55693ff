//! The page beside a job's file: read with it, made by its lease, and removed with it.

use std::fs::File;
use std::path::PathBuf;

use super::{FileBackend, file_of};
use crate::dir::{self, Dir, Id};
use crate::page;
use crate::{Error, name};
use safe_state_page::{Boot, Page, Way};

/// How often a checkpoint is read again that a run saves meanwhile.
const TRIES: usize = 5;

/// The checkpoint, with what its page says. A page that does not belong to it is left out: the file has what was saved.
pub(super) fn load(backend: &FileBackend, dir: &Dir, job: &str) -> Result<Option<Vec<u8>>, Error> {
    let mut read = backend.file_in(dir, &file_of(job))?;
    for _ in 0..TRIES {
        let Some((file, checkpoint)) = &mut read else { return Ok(None) };
        let Some(page) = page(backend, dir, job)? else { break };
        let Some(id) = numbers(file) else { break };
        if page::extend(checkpoint, id, &page) {
            break;
        }
        // A run may have saved in between: then there is another file, or a longer one.
        let again = backend.file_in(dir, &file_of(job))?;
        let is_settled = again.as_ref().is_some_and(|(_, bytes)| bytes == checkpoint);
        read = again;
        if is_settled {
            break;
        }
    }
    Ok(read.map(|(_, checkpoint)| checkpoint))
}

/// What is in the page, if it is one of ours. What is in its place otherwise is no reason not to read the checkpoint.
fn page(backend: &FileBackend, dir: &Dir, job: &str) -> Result<Option<Vec<u8>>, Error> {
    match backend.file_in(dir, &page_of(job)) {
        Ok(page) => Ok(page.map(|(_, bytes)| bytes)),
        Err(Error::Io { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// By which a page knows the file.
pub(super) fn numbers(file: &File) -> Option<(u64, u64)> {
    file.metadata().ok().map(|found| Id::of(&found).numbers())
}

pub(super) fn create(dir: &Dir, job: &str, base: u64) -> Result<Option<Page>, Error> {
    let Some(boot) = Boot::this() else { return Ok(None) };
    // To write more than it may, the answer would not be an error, but SIGXFSZ.
    if super::log::rlimit().is_some_and(|limit| limit < Page::LEN) {
        return Ok(None);
    }
    let name = page_of(job);
    let failed = || Error::io("create", dir.path().join(&name));
    let file = dir.replace(&name).map_err(failed())?;
    let way = if dir::keeps_its_blocks(&file) { Way::Mapped } else { Way::Written };
    let made = Page::new(file, way, boot, base).inspect_err(|_| {
        // The error to report is why it could not be made.
        let _ = dir.remove(&name);
    });
    made.map(Some).map_err(failed())
}

/// Removes a page. One that stays says nothing: the state that it lies beside is no more.
pub(super) fn remove(dir: &Dir, job: &str) {
    let _ = dir.remove(&page_of(job));
}

fn page_of(job: &str) -> PathBuf {
    (name::encode(job) + name::PAGE).into()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use crate::format::{Change, LoopChange};
    use crate::sample::JOB;
    use crate::{Backend, Checkpoint, Durability, FileBackend, LeaseOptions, Store};
    use safe_state_page::Advanced;

    fn begin(dir: &Path) -> (Store, super::Page) {
        let backend = Arc::new(FileBackend::new(dir));
        let options = LeaseOptions::new(Durability::Process);
        let opening = Store::open(backend, JOB, options).unwrap();
        let checkpoint = opening.found().cloned().unwrap_or_else(|| Checkpoint::new(JOB, None));
        let mut store = opening.begin(checkpoint).unwrap();
        let page = store.page().unwrap().expect("where boots are told apart");
        (store, page)
    }

    /// Ends as a process that is killed: its page stays.
    fn kill(dir: &Path, of: (Store, super::Page)) {
        let (page, aside) = (dir.join(super::page_of(JOB)), dir.join("aside"));
        fs::rename(&page, &aside).unwrap();
        drop(of);
        fs::rename(aside, page).unwrap();
    }

    fn to(count: u64) -> Advanced {
        Advanced { loop_id: 0, count, fingerprint: Some(7), behind: 0 }
    }

    /// How many items are complete, for whoever looks.
    fn completed(dir: &Path) -> u64 {
        Checkpoint::load(&FileBackend::new(dir), JOB).unwrap().unwrap().completed().len()
    }

    #[test]
    fn what_is_in_the_page_is_read_with_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let (mut store, mut page) = begin(dir.path());
        assert_eq!(completed(dir.path()), 0);
        for count in 1..=5 {
            page.advance(to(count)).unwrap();
            assert_eq!(completed(dir.path()), count);
        }
        // A save has all of it; until the page goes on, there is nothing beside it.
        store.save(Change::completed(5)).unwrap();
        assert_eq!(completed(dir.path()), 5);
        page.rebase(store.base().unwrap());
        assert_eq!(completed(dir.path()), 5);
        page.advance(to(1)).unwrap();
        assert_eq!(completed(dir.path()), 6);
        kill(dir.path(), (store, page));
        let (_store, _page) = begin(dir.path());
        assert_eq!(completed(dir.path()), 6);
    }

    #[test]
    fn a_record_in_it_counts_before_its_advance() {
        let dir = tempfile::tempdir().unwrap();
        let (store, mut page) = begin(dir.path());
        let begun = LoopChange { begun: Some(vec![]), total: Some(9), ..LoopChange::default() };
        let change = Change { loops: vec![begun], ..Change::default() };
        let mut framed = Vec::new();
        assert!(store.frame(&change.into(), &mut framed).unwrap());
        assert!(page.write_record(&framed).unwrap());
        page.advance(to(2)).unwrap();
        let checkpoint = Checkpoint::load(&FileBackend::new(dir.path()), JOB).unwrap().unwrap();
        assert_eq!((checkpoint.total(), checkpoint.completed().len()), (Some(9), 2));
    }

    #[test]
    fn a_copy_does_not_have_it_nor_an_older_file() {
        let dir = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let (mut store, mut page) = begin(dir.path());
        let file = |dir: &Path| dir.join(super::file_of(JOB));
        let old = fs::read(file(dir.path())).unwrap();
        store.save(Change::completed(3)).unwrap();
        page.rebase(store.base().unwrap());
        page.advance(to(2)).unwrap();
        assert_eq!(completed(dir.path()), 5);
        for name in [super::file_of(JOB), super::page_of(JOB)] {
            fs::copy(dir.path().join(&name), other.path().join(&name)).unwrap();
        }
        assert_eq!(completed(other.path()), 3, "another file");
        drop((store, page));
        fs::write(file(dir.path()), old).unwrap();
        assert_eq!(completed(dir.path()), 0, "as it was before");
    }

    #[test]
    fn what_else_is_in_its_place_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let (store, page) = begin(dir.path());
        drop((store, page));
        let path = dir.path().join(super::page_of(JOB));
        assert!(!path.exists(), "it goes with a run that ends");
        for bytes in [&b""[..], b"\x89SSPAGE\x01", &[0xff; 9_000]] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(completed(dir.path()), 0);
            fs::remove_file(&path).unwrap();
        }
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(completed(dir.path()), 0);
        let (store, page) = begin(dir.path());
        assert!(path.symlink_metadata().unwrap().is_file(), "the link is replaced, not followed");
        drop((store, page));
        fs::create_dir(&path).unwrap();
        assert_eq!(completed(dir.path()), 0);
    }

    #[test]
    fn it_goes_with_the_job() {
        let dir = tempfile::tempdir().unwrap();
        kill(dir.path(), begin(dir.path()));
        assert!(dir.path().join(super::page_of(JOB)).exists());
        FileBackend::new(dir.path()).delete(JOB).unwrap();
        assert!(!dir.path().join(super::page_of(JOB)).exists());
    }
}
