use std::path::Path;

use super::*;
use crate::format::Change;
use crate::sample::JOB;
use crate::{Checkpoint, Durability, MemoryBackend, Store};
use safe_state_page::{Advanced, LoopKeys};

/// A store in memory that may have a name.
#[derive(Clone)]
struct Known {
    name: Option<&'static str>,
    store: Arc<MemoryBackend>,
}

impl Known {
    fn new(name: &'static str) -> Self {
        Known { name: Some(name), store: Arc::default() }
    }

    fn with_pages_in(&self, folder: &Path) -> Arc<dyn Backend> {
        with_pages_in(Arc::new(self.clone()), folder)
    }
}

impl Backend for Known {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        self.store.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        self.store.save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        self.store.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        self.store.exists(job)
    }

    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        self.store.append(job, record)
    }

    fn page_place(&self) -> Option<String> {
        self.name.map(ToOwned::to_owned)
    }
}

fn begin(backend: &Arc<dyn Backend>) -> (Store, Result<Page, Error>) {
    let options = LeaseOptions::new(Durability::Process);
    let opening = Store::open(Arc::clone(backend), JOB, options).unwrap();
    let checkpoint = opening.found().cloned().unwrap_or_else(|| Checkpoint::new(JOB, None));
    let mut store = opening.begin(checkpoint).unwrap();
    let page = store.page().map(|page| page.expect("where boots are told apart"));
    (store, page)
}

/// Completes `count` items in the page, as a run does before its process is killed.
fn advance(store: &mut Store, page: &mut Page, count: u64) {
    store.is_paged();
    page.advance(Advanced { count, ..Advanced::default() }, LoopKeys::default(), &[]).unwrap();
}

fn completed(backend: &Arc<dyn Backend>) -> u64 {
    Checkpoint::load(&**backend, JOB).unwrap().map_or(0, |checkpoint| checkpoint.completed().len())
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn progress_in_a_folders_page_is_read_with_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = Known::new("one");
    let backend = store.with_pages_in(folder.path());
    let (mut run, page) = begin(&backend);
    advance(&mut run, &mut page.unwrap(), 5);
    drop(run);
    assert_eq!(completed(&backend), 5);
    assert_eq!(Checkpoint::load(&store, JOB).unwrap().unwrap().completed().len(), 0);
    let (run, _page) = begin(&backend);
    assert_eq!(run.checkpoint().completed().len(), 5);
    assert_eq!(Checkpoint::load(&store, JOB).unwrap().unwrap().completed().len(), 5);
    drop(run);
    assert_eq!(files(folder.path()), 0, "it goes with a run that says no more in it");
}

#[test]
fn jobs_of_one_name_in_other_stores_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let backends = [("one", 5), ("other", 7)].map(|(name, count)| {
        let backend = Known::new(name).with_pages_in(folder.path());
        let (mut run, page) = begin(&backend);
        advance(&mut run, &mut page.unwrap(), count);
        (backend, count)
    });
    for (backend, count) in &backends {
        assert_eq!(completed(backend), *count);
    }
    backends[0].0.delete(JOB).unwrap();
    assert_eq!((completed(&backends[0].0), completed(&backends[1].0)), (0, 7));
    assert_eq!(files(folder.path()), 1);
}

/// Two servers may have the same address in two networks.
#[test]
fn stores_that_nothing_tells_apart_take_no_page_from_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["same", "same"].map(|name| Known::new(name).with_pages_in(folder.path()));
    let (mut run, page) = begin(&one);
    let mut page = page.unwrap();
    advance(&mut run, &mut page, 5);
    let (run_of_other, refused) = begin(&other);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("cannot create `"), "{refused}");
    assert_eq!((completed(&one), completed(&other)), (5, 0));
    drop((run_of_other, run, page));
    assert_eq!(completed(&one), 5);
    let (_run_of_other, page) = begin(&other);
    page.unwrap();
    assert_eq!((completed(&one), completed(&other)), (0, 0), "the state in the store counts");
}

#[test]
fn a_state_that_the_store_was_taken_back_to_counts_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Known::new("one");
    let backend = store.with_pages_in(folder.path());
    let (mut run, page) = begin(&backend);
    let old = store.load(JOB).unwrap().unwrap();
    run.save(Change::completed(3)).unwrap();
    let mut page = page.unwrap();
    page.rebase(run.base().unwrap());
    advance(&mut run, &mut page, 2);
    assert_eq!(completed(&backend), 5);
    drop(run);
    store.save(JOB, &old).unwrap();
    assert_eq!(completed(&backend), 0);
}

#[test]
fn a_checkpoint_that_is_saved_by_hand_counts_without_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = Known::new("one");
    let backend = store.with_pages_in(folder.path());
    let (mut run, page) = begin(&backend);
    let saved = store.load(JOB).unwrap().unwrap();
    advance(&mut run, &mut page.unwrap(), 2);
    drop(run);
    assert_eq!(completed(&backend), 2);
    backend.save(JOB, &saved).unwrap();
    assert_eq!(completed(&backend), 0);
}

#[test]
fn a_store_that_nothing_tells_from_others_refuses_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = Known { name: None, store: Arc::default() };
    let (_run, refused) = begin(&store.with_pages_in(folder.path()));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.starts_with("this backend cannot keep a page"), "{refused}");
}

#[test]
fn a_file_in_place_of_the_folder_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let backend = Known::new("one").with_pages_in(file.path());
    assert_eq!(completed(&backend), 0);
    let (mut run, refused) = begin(&backend);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains(file.path().to_str().unwrap()), "{refused}");
    run.save(Change::completed(3)).unwrap();
    assert_eq!(completed(&backend), 3);
}

/// Runs the statements, as a program does in a transaction of its own.
#[cfg(feature = "sqlite")]
fn commit(path: &Path, statements: &Statements) {
    use crate::Parameter;
    use rusqlite::types::Value;
    let mut database = rusqlite::Connection::open(path).unwrap();
    let transaction = database.transaction().unwrap();
    for statement in &statements.list {
        let values = statement.parameters.iter().map(|parameter| match parameter {
            Parameter::Integer(number) => Value::Integer(*number),
            Parameter::Text(text) => Value::Text(text.clone()),
            Parameter::Bytes(bytes) => Value::Blob(bytes.clone()),
        });
        transaction.execute(&statement.text, rusqlite::params_from_iter(values)).unwrap();
    }
    transaction.commit().unwrap();
}

#[cfg(feature = "sqlite")]
#[test]
fn a_transaction_of_the_program_saves_what_is_in_the_page_as_well() {
    use crate::{InPage, SqliteBackend};
    let (folder, pages) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("jobs.db");
    let backend = with_pages_in(Arc::new(SqliteBackend::new(&path)), pages.path());
    let (mut run, page) = begin(&backend);
    let mut page = page.unwrap();
    let InPage::Framed(framed) = run.record_in_page(Change::completed(2).into()).unwrap() else {
        panic!("there is room")
    };
    assert!(page.append(framed).unwrap());
    page.advance(Advanced::default(), LoopKeys::default(), &[]).unwrap();
    assert_eq!(completed(&backend), 2);
    for (ended, after) in [(Ended::RolledBack, 2), (Ended::Committed, 3)] {
        let statements = run.statements(Change::completed(1), Dialect::Sqlite).unwrap().unwrap();
        if ended == Ended::Committed {
            commit(&path, &statements);
        }
        assert_eq!(run.ended(ended).unwrap(), ended == Ended::Committed);
        assert_eq!(completed(&backend), after, "{ended:?}");
    }
    page.rebase(run.base().unwrap());
    advance(&mut run, &mut page, 4);
    assert_eq!(completed(&backend), 7);
    run.save(Change::completed(4)).unwrap();
    assert_eq!(completed(&backend), 7);
}
