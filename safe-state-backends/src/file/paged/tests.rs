use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::format::{Change, LoopChange};
use crate::sample::JOB;
use crate::{Backend, Checkpoint, Durability, FileBackend, InPage, LeaseOptions, Store};
use safe_state_page::{Advanced, LoopKeys};

fn begin(dir: &Path) -> (Store, super::Page) {
    let backend = Arc::new(FileBackend::new(dir));
    let options = LeaseOptions::new(Durability::Process);
    let opening = Store::open(backend, JOB, options).unwrap();
    let checkpoint = opening.found().cloned().unwrap_or_else(|| Checkpoint::new(JOB, None));
    let mut store = opening.begin(checkpoint).unwrap();
    let page = store.page().unwrap().expect("where boots are told apart");
    (store, page)
}

/// Ends like a killed process: the page stays.
fn kill(dir: &Path, of: (Store, super::Page)) {
    let (page, aside) = (dir.join(super::page_of(JOB)), dir.join("aside"));
    fs::rename(&page, &aside).unwrap();
    drop(of);
    fs::rename(aside, page).unwrap();
}

fn to(count: u64) -> Advanced {
    Advanced { loop_id: 0, count, fingerprint: Some(7), behind: 0, has_cursor: false }
}

/// Returns the number of complete items that a reader sees.
fn completed(dir: &Path) -> u64 {
    Checkpoint::load(&FileBackend::new(dir), JOB).unwrap().unwrap().completed().len()
}

#[test]
fn what_is_in_the_page_is_read_with_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, mut page) = begin(dir.path());
    assert_eq!(completed(dir.path()), 0);
    for count in 1..=5 {
        page.advance(to(count), LoopKeys::default(), &[]).unwrap();
        assert_eq!(completed(dir.path()), count);
    }
    // A save has all that the page holds; until the page goes on, it adds nothing.
    store.save(Change::completed(5)).unwrap();
    assert_eq!(completed(dir.path()), 5);
    page.rebase(store.base().unwrap());
    assert_eq!(completed(dir.path()), 5);
    page.advance(to(1), LoopKeys::default(), &[]).unwrap();
    assert_eq!(completed(dir.path()), 6);
    kill(dir.path(), (store, page));
    let (_store, _page) = begin(dir.path());
    assert_eq!(completed(dir.path()), 6);
}

/// Puts a record into the page, as a run does.
fn record(store: &mut Store, page: &mut super::Page, change: Change) {
    let InPage::Framed(framed) = store.record_in_page(change.into()).unwrap() else {
        panic!("there is room")
    };
    assert!(page.append(framed).unwrap());
    page.advance(Advanced::default(), LoopKeys::default(), &[]).unwrap();
}

fn begun() -> Change {
    let begun = LoopChange { begun: Some(vec![]), total: Some(900), ..LoopChange::default() };
    Change { loops: vec![begun], ..Change::default() }
}

#[test]
fn a_record_in_the_page_counts_before_the_advance() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, mut page) = begin(dir.path());
    record(&mut store, &mut page, begun());
    record(&mut store, &mut page, Change::completed(2));
    assert_eq!(completed(dir.path()), 2);
    page.advance(to(2), LoopKeys::default(), &[]).unwrap();
    let checkpoint = Checkpoint::load(&FileBackend::new(dir.path()), JOB).unwrap().unwrap();
    assert_eq!((checkpoint.total(), checkpoint.completed().len()), (Some(900), 4));
    assert_eq!(store.checkpoint().completed().len(), 2, "what is in the loop is not the store's");
    store.save(Change::completed(2)).unwrap();
    assert_eq!(completed(dir.path()), 4, "the page is behind");
    assert_eq!(
        Checkpoint::load(&FileBackend::new(dir.path()), JOB).unwrap().as_ref(),
        Some(store.checkpoint())
    );
}

/// A save appends all records of a page at once, and a kill may leave any part of them.
#[test]
fn a_torn_append_of_the_pages_records_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, mut page) = begin(dir.path());
    let path = dir.path().join(super::file_of(JOB));
    record(&mut store, &mut page, begun());
    (0..40).for_each(|_| record(&mut store, &mut page, Change::completed(1)));
    page.advance(to(3), LoopKeys::default(), &[]).unwrap();
    let (before, said) =
        (fs::read(&path).unwrap(), fs::read(dir.path().join(super::page_of(JOB))).unwrap());
    store.save(Change::completed(3)).unwrap();
    let after = fs::read(&path).unwrap();
    assert_eq!(before.len(), after.len(), "the room is there before");
    let file = fs::File::options().write(true).open(&path).unwrap();
    let id = super::numbers(&file).unwrap();
    for len in 0..4_096 {
        let mut torn = [&after[..len], &before[len..]].concat();
        crate::page::extend(&mut torn, id, &said);
        assert_eq!(Checkpoint::decode(&torn).unwrap().completed().len(), 43, "{len} bytes");
    }
}

#[test]
fn a_save_makes_room_in_a_page_that_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, mut page) = begin(dir.path());
    let mut count = 0;
    let left = loop {
        match store.record_in_page(Change::completed(1).into()).unwrap() {
            InPage::Framed(framed) => assert!(page.append(framed).unwrap()),
            InPage::NoRoom(record) => break *record,
        }
        page.advance(Advanced::default(), LoopKeys::default(), &[]).unwrap();
        count += 1;
    };
    assert!(count > 1_000, "only {count}");
    assert_eq!(completed(dir.path()), count);
    store.save(left).unwrap();
    assert_eq!(completed(dir.path()), count + 1);
    page.rebase(store.base().unwrap());
    record(&mut store, &mut page, Change::completed(1));
    assert_eq!(completed(dir.path()), count + 2);
    kill(dir.path(), (store, page));
    let (_store, _page) = begin(dir.path());
    assert_eq!(completed(dir.path()), count + 2);
}

#[test]
fn a_page_that_says_more_than_the_file_stays_when_the_run_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (mut store, mut page) = begin(dir.path());
    record(&mut store, &mut page, Change::completed(1));
    drop((store, page));
    assert_eq!(completed(dir.path()), 1);
}

/// Does what another machine may do on a network file system.
#[test]
fn a_page_of_a_run_that_has_taken_the_job_over_stays() {
    let dir = tempfile::tempdir().unwrap();
    let first = begin(dir.path());
    let page = dir.path().join(super::page_of(JOB));
    fs::remove_file(&page).unwrap();
    fs::write(&page, "another run's").unwrap();
    drop(first);
    assert_eq!(fs::read(&page).unwrap(), b"another run's");
}

#[test]
fn a_page_does_not_count_for_a_copy_or_an_older_file() {
    let dir = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let (mut store, mut page) = begin(dir.path());
    let file = |dir: &Path| dir.join(super::file_of(JOB));
    let old = fs::read(file(dir.path())).unwrap();
    store.save(Change::completed(3)).unwrap();
    page.rebase(store.base().unwrap());
    page.advance(to(2), LoopKeys::default(), &[]).unwrap();
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
fn other_content_in_place_of_the_page_is_left_out() {
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
fn a_page_is_deleted_with_its_job() {
    let dir = tempfile::tempdir().unwrap();
    kill(dir.path(), begin(dir.path()));
    assert!(dir.path().join(super::page_of(JOB)).exists());
    FileBackend::new(dir.path()).delete(JOB).unwrap();
    assert!(!dir.path().join(super::page_of(JOB)).exists());
}
