//! Tests what is compared of an item with what it was, by its type; and which arguments belong to a job.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::hash::Hash;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Mutex, mpsc};

use safe_state::{Error, Job, OnChange, Request, cursor, resumable};

use crate::work::{DONE, LEFT, work};

fn fails_after(items: usize) {
    LEFT.set(items);
}

/// Checks that a job over `$first`, which was interrupted, refuses `$second`, because its second item is another one.
macro_rules! refused {
    ($item:ty, $first:expr, $second:expr) => {{
        #[resumable(name = "types", state_dir = dir)]
        fn job(dir: &Path, items: Vec<$item>) -> anyhow::Result<()> {
            for _item in items {
                work()?;
            }
            Ok(())
        }
        let dir = tempfile::tempdir().unwrap();
        fails_after(2);
        job(dir.path(), $first).unwrap_err();
        fails_after(2);
        job(dir.path(), $first).unwrap_err();
        fails_after(9);
        let error = job(dir.path(), $second).unwrap_err();
        let changed = matches!(error.downcast_ref(), Some(Error::InputChanged { index: 1, .. }));
        assert!(changed, "{}: {error}", stringify!($item));
    }};
}

/// A value that can be hashed, and not serialised.
#[derive(Clone, Hash)]
struct Hashed(u8);

/// A value that can be serialised, and not hashed.
#[derive(Clone, serde::Serialize)]
struct Serialised(f64);

#[expect(clippy::unnecessary_wraps, reason = "as iterators of files give them")]
fn ok<T>(value: T) -> io::Result<T> {
    Ok(value)
}

fn no_text(last: u8) -> PathBuf {
    OsString::from_vec(vec![b'c', 255, last]).into()
}

#[test]
fn what_has_a_part_to_compare_is_compared() {
    let of = |n: u8| (0..6).map(move |at| if at == 1 { n } else { at });
    refused!(Hashed, of(7).map(Hashed).collect(), of(8).map(Hashed).collect());
    refused!(
        Serialised,
        of(7).map(|n| Serialised(n.into())).collect(),
        of(8).map(|n| Serialised(n.into())).collect()
    );
    let both = |n| of(n).map(|n| (Hashed(n / 10), Serialised(f64::from(n)))).collect();
    refused!((Hashed, Serialised), both(7), both(8));
    let lines = |n| of(n).map(|n| n.to_string()).map(ok).enumerate().collect();
    refused!((usize, io::Result<String>), lines(7), lines(8));
    let zipped = |n| of(n).map(|n| ((0, ok(n)), ok(Hashed(n)))).collect();
    refused!(((usize, io::Result<u8>), io::Result<Hashed>), zipped(7), zipped(8));
    let rcs = |n| of(n).map(|n| Some(Rc::new(Serialised(n.into())))).collect();
    refused!(Option<Rc<Serialised>>, rcs(7), rcs(8));
    let lists = |n| of(n).map(|n| vec![ok(Hashed(n))]).collect();
    refused!(Vec<io::Result<Hashed>>, lists(7), lists(8));
    let cows = |n| of(n).map(|n| Cow::Owned(Serialised(n.into()))).collect();
    refused!(Cow<'static, Serialised>, cows(7), cows(8));
    refused!(PathBuf, of(7).map(no_text).collect(), of(8).map(no_text).collect());
    refused!(
        (u8, PathBuf),
        of(7).map(|n| (0, no_text(n))).collect(),
        of(8).map(|n| (0, no_text(n))).collect()
    );
}

#[resumable(name = "entries", state_dir = dir)]
fn entries(dir: &Path, items: Vec<fs::DirEntry>) -> anyhow::Result<()> {
    for _entry in items {
        work()?;
    }
    Ok(())
}

#[test]
fn sorted_entries_are_compared_by_their_paths() {
    let dir = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| fs::write(folder.path().join(name), "").unwrap();
    let sorted = || {
        let mut all: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
        all.sort_by_key(fs::DirEntry::path);
        all
    };
    ["b", "c", "d"].into_iter().for_each(write);
    fails_after(2);
    entries(dir.path(), sorted()).unwrap_err();
    write("a");
    fails_after(9);
    let error = entries(dir.path(), sorted()).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::InputChanged { .. })), "{error}");
}

#[resumable(name = "received", state_dir = dir)]
fn received(dir: &Path, items: &mpsc::Receiver<u8>) -> anyhow::Result<()> {
    #[resume(consumed)]
    for _item in items.try_iter() {
        work()?;
    }
    Ok(())
}

#[test]
fn what_one_call_took_out_of_a_channel_does_not_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let (sender, receiver) = mpsc::channel();
    // The items are equal, so nothing but their number tells them apart.
    (0..10).for_each(|_| sender.send(0).unwrap());
    DONE.set(0);
    fails_after(4);
    received(dir.path(), &receiver).unwrap_err();
    fails_after(99);
    received(dir.path(), &receiver).unwrap();
    assert_eq!(DONE.get(), 9, "all but the one that was under way");
}

/// Takes the next item out of a queue.
fn pop(queue: &RefCell<Vec<u8>>) -> Option<u8> {
    queue.borrow_mut().pop()
}

#[resumable(name = "queued", state_dir = dir)]
fn queued(dir: &Path, queue: &RefCell<Vec<u8>>) -> anyhow::Result<()> {
    #[resume(consumed)]
    while let Some(_item) = pop(queue) {
        work()?;
    }
    Ok(())
}

#[resumable(name = "queued", state_dir = dir, on_code_change = "continue")]
fn queued_by_index(dir: &Path, queue: &RefCell<Vec<u8>>) -> anyhow::Result<()> {
    #[resume]
    while let Some(_item) = pop(queue) {
        work()?;
    }
    Ok(())
}

#[test]
fn what_was_consumed_is_not_taken_up_by_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let queue = RefCell::new(vec![0; 10]);
    fails_after(4);
    queued(dir.path(), &queue).unwrap_err();
    fails_after(99);
    let error = queued_by_index(dir.path(), &queue).unwrap_err();
    let other = matches!(error.downcast_ref(), Some(Error::ItemIdentityChanged { .. }));
    assert!(other && error.to_string().contains("`consumed`"), "{error}");
    assert_eq!(queue.borrow().len(), 5, "none was taken");
    queued(dir.path(), &queue).unwrap();
    assert!(queue.borrow().is_empty());
}

fn twice(number: u8) -> u8 {
    2 * number
}

/// Checks that a job is refused whose items have no lasting value.
macro_rules! has_address {
    ($item:ty, $items:expr) => {{
        #[resumable(name = "addresses", state_dir = dir)]
        fn job(dir: &Path, items: &[$item]) -> anyhow::Result<()> {
            for _item in items {
                work()?;
            }
            Ok(())
        }
        let dir = tempfile::tempdir().unwrap();
        fails_after(9);
        let error = job(dir.path(), &$items).unwrap_err();
        let told = matches!(error.downcast_ref(), Some(Error::NotCompared { .. }));
        assert!(told && error.to_string().contains("check = "), "{error}");
        assert_eq!(LEFT.get(), 9, "no item was begun");
    }};
}

/// These items are `Hash` by their address, which is another one in the next process.
#[test]
fn items_that_are_addresses_need_something_to_be_known_by() {
    has_address!(fn(u8) -> u8, [twice as fn(u8) -> u8]);
    has_address!((&str, fn(u8) -> u8), [("twice", twice as fn(u8) -> u8)]);
    has_address!(Option<fn(u8) -> u8>, [Some(twice as fn(u8) -> u8)]);
    has_address!(*const u8, [std::ptr::null::<u8>()]);
}

type Named<'n> = (&'n str, fn(u8) -> u8);

#[resumable(name = "named", state_dir = dir, check = |task| task.0)]
fn named(dir: &Path, tasks: &[Named]) -> anyhow::Result<()> {
    for (_, task) in tasks {
        task(1);
        work()?;
    }
    Ok(())
}

#[test]
fn functions_are_known_by_the_name_beside_them() {
    let dir = tempfile::tempdir().unwrap();
    fails_after(1);
    named(dir.path(), &[("twice", twice), ("same", |it| it)]).unwrap_err();
    fails_after(9);
    let error = named(dir.path(), &[("thrice", twice), ("same", |it| it)]).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::InputChanged { index: 0, .. })), "{error}");
    named(dir.path(), &[("twice", twice), ("same", |it| it)]).unwrap();
}

#[resumable(name = "tied", state_dir = dir, fresh(dir), cursor = |row| row.0)]
fn tied(dir: &Path, rows: &[(f64, u8)]) -> anyhow::Result<()> {
    let _ = dir;
    let after: Option<f64> = cursor!();
    for _row in rows.iter().filter(|row| after.is_none_or(|after| row.0 > after || row.0.is_nan()))
    {
        work()?;
    }
    Ok(())
}

#[test]
fn a_cursor_names_one_item() {
    let dir = tempfile::tempdir().unwrap();
    fails_after(9);
    let error = tied(dir.path(), &[(1.0, 0), (2.0, 1), (2.0, 2)]).unwrap_err();
    let bad = matches!(error.downcast_ref(), Some(Error::BadCursor { index: 2, .. }));
    assert!(bad && error.to_string().contains("(row.time, row.id)"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let error = tied(dir.path(), &[(1.0, 0), (f64::NAN, 1)]).unwrap_err();
    let bad = matches!(error.downcast_ref(), Some(Error::BadCursor { index: 1, .. }));
    assert!(bad && error.to_string().contains("NaN"), "{error}");
}

#[resumable(name = "keyed", state_dir = dir, key = |path| path)]
fn keyed(dir: &Path, paths: &[PathBuf]) -> anyhow::Result<()> {
    for _path in paths {
        work()?;
    }
    Ok(())
}

#[test]
fn a_path_that_is_no_text_is_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["a".into(), no_text(1), no_text(2), "d".into()];
    DONE.set(0);
    fails_after(2);
    keyed(dir.path(), &paths).unwrap_err();
    fails_after(9);
    keyed(dir.path(), &paths).unwrap();
    assert_eq!(DONE.get(), 4);
}

#[resumable(name = "rated", state_dir = dir, on_input_change = "continue")]
fn rated(
    dir: &Path,
    rows: &[u32],
    rate: f64,
    names: &HashMap<u8, String>,
    threads: usize,
) -> anyhow::Result<f64> {
    let mut sum = 0.0;
    let _ = (names, threads);
    for row in rows {
        work()?;
        let _ = f64::from(*row) * rate;
    }
    sum += rate;
    Ok(sum)
}

/// Returns the name of the argument that the second call refuses, and checks that the call changes nothing.
fn changed(dir: &Path, call: impl Fn() -> anyhow::Result<f64>) -> String {
    let before = Job::new("rated").state_dir(dir).peek_checkpoint().unwrap();
    fails_after(9);
    let error = call().unwrap_err();
    let after = Job::new("rated").state_dir(dir).peek_checkpoint().unwrap();
    assert_eq!(before, after, "a run that is refused leaves no trace");
    match error.downcast_ref() {
        Some(Error::ArgumentChanged { argument, .. }) => argument.clone(),
        _ => panic!("{error}"),
    }
}

#[test]
fn another_argument_is_refused_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let names = |text: &str| {
        HashMap::from([(1, text.to_owned()), (2, "b".to_owned()), (3, "c".to_owned())])
    };
    fails_after(2);
    rated(dir.path(), &[1, 2, 3], 0.5, &names("a"), 4).unwrap_err();
    assert_eq!(changed(dir.path(), || rated(dir.path(), &[1, 2, 3], 0.75, &names("a"), 4)), "rate");
    assert_eq!(changed(dir.path(), || rated(dir.path(), &[1, 2, 3], 0.5, &names("x"), 4)), "names");
    assert_eq!(
        changed(dir.path(), || rated(dir.path(), &[1, 2, 3], 0.5, &names("a"), 8)),
        "threads"
    );
    fails_after(9);
    rated(dir.path(), &[1, 2, 3, 4], 0.5, &names("a"), 4).unwrap();
}

#[test]
fn what_was_refused_is_accepted_once() {
    let dir = tempfile::tempdir().unwrap();
    let names = HashMap::new();
    let run = |rate| rated(dir.path(), &[1, 2, 3, 4], rate, &names, 4);
    fails_after(1);
    run(0.5).unwrap_err();
    let job = Job::new("rated").state_dir(dir.path());
    job.accept().unwrap();
    assert_eq!(job.requested().unwrap(), Some(Request::Accept));
    fails_after(1);
    assert_eq!(run(0.75).unwrap_err().to_string(), "interrupted");
    assert_eq!(job.requested().unwrap(), None, "it is used up");
    assert_eq!(changed(dir.path(), || run(0.5)), "rate");
    fails_after(9);
    assert!(run(0.75).is_ok());
}

#[test]
fn another_input_and_version_are_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let job = |version: u32| {
        Job::new("plain")
            .state_dir(dir.path())
            .version(version.to_string())
            .code(version.into(), OnChange::Fail)
    };
    let failing = |n| if n == 3 { Err(Error::Thread(io::ErrorKind::Other.into())) } else { Ok(()) };
    job(1).run(0..9, failing).unwrap_err();
    let error = job(2).run(0..9, |_| Ok::<_, Error>(())).unwrap_err();
    assert!(
        matches!(error, Error::VersionChanged { .. })
            && error.to_string().contains("safe-state accept"),
        "{error}"
    );
    job(2).accept().unwrap();
    // The input has fewer items than are complete, so no item is left to do.
    job(2).run(0..2, |n| panic!("{n}") as Result<(), Error>).unwrap();
    assert_eq!(job(2).peek_checkpoint().unwrap(), None);
}

mod generic {
    use super::*;

    #[resumable(name = "generic", state_dir = dir)]
    pub(super) fn job<T: Hash + Copy>(dir: &Path, items: &[T]) -> anyhow::Result<()> {
        for _item in items {
            work()?;
        }
        Ok(())
    }
}

#[test]
fn another_instance_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fails_after(2);
    generic::job(dir.path(), &[1_u8, 2, 3]).unwrap_err();
    fails_after(9);
    let error = generic::job(dir.path(), &[1_i8, 2, 3]).unwrap_err();
    let refused = matches!(error.downcast_ref(), Some(Error::ArgumentChanged { argument, .. }) if argument == "<T>");
    assert!(refused, "{error}");
    generic::job(dir.path(), &[1_u8, 2, 3]).unwrap();
}

fn first() -> String {
    #[resumable(backend = "memory:")]
    fn inner(items: &[u8]) {
        for _item in items {}
    }
    inner(&[]);
    inner::job_name()
}

fn second() -> String {
    #[resumable(backend = "memory:")]
    fn inner(items: &[u8]) {
        for _item in items {}
    }
    inner(&[]);
    inner::job_name()
}

#[resumable(backend = "memory:")]
fn outer(items: &[u8]) {
    for _item in items {}
}

#[test]
fn functions_within_others_have_names_of_their_own() {
    assert_eq!(first(), "inputs::compared::first::inner");
    assert_eq!(second(), "inputs::compared::second::inner");
    outer(&[]);
    assert_eq!(outer::job_name(), "inputs::compared::outer");
}

#[resumable(name = "early", state_dir = dir)]
fn early(dir: &Path, file: &Path) -> anyhow::Result<()> {
    for line in fs::read_to_string(file)?.lines() {
        anyhow::ensure!(line != "bad");
    }
    Ok(())
}

#[test]
fn a_run_that_failed_before_its_loop_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("early").state_dir(dir.path());
    let missing = dir.path().join("missing");
    early(dir.path(), &missing).unwrap_err();
    assert_eq!(job.peek_checkpoint().unwrap(), None);
    fs::write(&missing, "bad\n").unwrap();
    early(dir.path(), &missing).unwrap_err();
    assert!(job.peek_checkpoint().unwrap().is_some(), "it came to an item");
    fs::remove_file(&missing).unwrap();
    early(dir.path(), &missing).unwrap_err();
    assert!(job.peek_checkpoint().unwrap().is_some(), "there was something");
}

/// Where a run of two phases fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    At(u64),
    Between,
    InSecond,
    Nowhere,
}

/// What a run is to do, and has done.
struct Phases<'a> {
    dir: &'a Path,
    stop: Stop,
    done: Mutex<Vec<u64>>,
}

impl Phases<'_> {
    fn item(&self, item: u64) -> anyhow::Result<()> {
        anyhow::ensure!(self.stop != Stop::At(item), "stopped");
        self.done.lock().unwrap().push(item);
        Ok(())
    }

    /// What is stored already, should the process be killed now.
    fn between(&self, length: usize) -> anyhow::Result<()> {
        let stored = Job::new("phases").state_dir(self.dir).peek_checkpoint()?.unwrap();
        if self.stop == Stop::Between {
            assert_eq!(stored.loop_progress(0).unwrap().completed().len(), length as u64);
        }
        anyhow::ensure!(self.stop != Stop::Between, "stopped");
        Ok(())
    }
}

/// Jobs that walk `$items` so.
macro_rules! phases {
    ($($name:ident $([$($option:tt)*])?: |$items:ident| $head:expr;)*) => { $(
        #[resumable(name = "phases", state_dir = run.dir, fresh(run))]
        fn $name(run: &Phases<'_>, $items: &[u64]) -> anyhow::Result<()> {
            #[resume $(($($option)*))?]
            for item in $head {
                run.item(*item)?;
            }
            run.between($items.len())?;
            #[resume]
            for _again in 0..2 {
                anyhow::ensure!(run.stop != Stop::InSecond, "stopped");
            }
            Ok(())
        }
    )* };
}

phases! {
    of_known_length: |items| items;
    of_unknown_length: |items| items.iter().filter(|item| **item < 100);
    side_by_side[threads = 2]: |items| items;
    unknown_side_by_side[threads = 2]: |items| items.iter().filter(|item| **item < 100);
}

#[resumable(name = "phases", state_dir = run.dir, fresh(run, given))]
fn asked_for(run: &Phases<'_>, items: &[u64]) -> anyhow::Result<()> {
    let mut given = items.iter();
    #[resume]
    while let Some(item) = given.next() {
        run.item(*item)?;
    }
    run.between(items.len())?;
    #[resume]
    for _again in 0..2 {
        anyhow::ensure!(run.stop != Stop::InSecond, "stopped");
    }
    Ok(())
}

type ShrunkJob = fn(&Phases<'_>, &[u64]) -> anyhow::Result<()>;

#[test]
fn a_shorter_input_that_was_accepted_is_the_jobs_from_then_on() {
    let jobs: [ShrunkJob; 5] =
        [of_known_length, of_unknown_length, side_by_side, unknown_side_by_side, asked_for];
    let ways = [(Stop::Between, false), (Stop::InSecond, false), (Stop::Between, true)];
    for (at, job) in jobs.into_iter().enumerate() {
        for (stop, has_gap) in ways {
            check_shrunk(&format!("job {at}"), job, stop, has_gap);
        }
    }
}

fn check_shrunk(told: &str, job: ShrunkJob, stop: Stop, has_gap: bool) {
    let told = format!("{told}, {stop:?}, {has_gap}");
    let dir = tempfile::tempdir().unwrap();
    let run = |length: u64, stop| {
        let phases = Phases { dir: dir.path(), stop, done: Mutex::default() };
        let ended = job(&phases, &(0..length).collect::<Vec<_>>());
        (ended.map_err(|error| error.to_string()), phases.done.into_inner().unwrap())
    };
    let is_shrunk = |length| {
        let (ended, done) = run(length, Stop::Nowhere);
        ended.is_err_and(|error| error.contains("are complete")) && done.is_empty()
    };
    let stored = Job::new("phases").state_dir(dir.path());
    let (ended, seen) = run(12, Stop::At(if has_gap { 5 } else { 10 }));
    assert_eq!(ended.unwrap_err(), "stopped");
    if has_gap {
        for item in [5, 6, 8, 9, 10] {
            stored.by_hand().skip(item).unwrap();
        }
    } else {
        assert!(is_shrunk(8), "{told}");
    }
    stored.accept().unwrap();
    let (ended, done) = run(8, stop);
    assert_eq!(ended.unwrap_err(), "stopped", "{told}");
    let is_left = |item: &u64| !seen.contains(item) && has_gap;
    assert_eq!(done, [7].into_iter().filter(is_left).collect::<Vec<u64>>(), "{told}");
    let (ended, done) = run(8, stop);
    assert_eq!((ended, done), (Err("stopped".to_owned()), vec![]), "{told}");
    assert!(is_shrunk(6), "{told}");
    assert_eq!(run(9, Stop::Nowhere), (Ok(()), vec![8]), "{told}");
}
