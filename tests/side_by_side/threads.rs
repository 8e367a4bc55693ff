//! Tests bodies on threads.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use safe_state::resumable;

use super::{complete, stored};

type Anything = Box<dyn Error + Send + Sync>;

/// Fails at the items of `fail`, and notes the items that it did.
#[resumable(name = "mails", state_dir = dir, threads = 4, fresh(fail))]
fn mails(dir: &Path, count: u32, fail: &[u32], did: &Mutex<Vec<u32>>) -> Result<u32, Anything> {
    for mail in 0..count {
        if fail.contains(&mail) {
            return Err(format!("mail {mail} bounced").into());
        }
        did.lock().unwrap().push(mail);
    }
    Ok(count)
}

#[test]
fn each_item_is_done_once_over_all_runs() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    let failed = mails(dir.path(), 40, &[7, 23], &did).unwrap_err();
    assert!(failed.to_string().contains("bounced"), "{failed}");
    let first: BTreeSet<u64> = did.lock().unwrap().iter().map(|it| u64::from(*it)).collect();
    assert_eq!(complete("mails", dir.path()), first.into_iter().collect::<Vec<_>>());
    assert_eq!(mails(dir.path(), 40, &[], &did).unwrap(), 40);
    let mut all = did.into_inner().unwrap();
    all.sort_unstable();
    assert_eq!(all, (0..40).collect::<Vec<_>>());
    assert!(stored("mails", dir.path()).is_none(), "it is finished");
}

#[resumable(name = "met", state_dir = dir, threads = 3)]
fn met(dir: &Path, barrier: &Barrier) {
    for _ in 0..6 {
        barrier.wait();
    }
}

#[test]
fn the_number_of_bodies_at_once_can_be_set() {
    let dir = tempfile::tempdir().unwrap();
    met(dir.path(), &Barrier::new(3));
}

/// Has variables before the loop whose types are inferred from the body.
#[resumable(name = "typed", state_dir = dir, threads = 2)]
fn typed(dir: &Path, sum: &AtomicUsize) {
    let (steps, boxed) = ([Default::default(); 2], Box::new([Default::default()]));
    for item in 0..6_usize {
        let [first, _]: &[usize; 2] = &steps;
        let [more]: &[usize; 1] = &boxed;
        sum.fetch_add(item + first + more, Ordering::SeqCst);
    }
}

#[test]
fn a_body_may_tell_the_types_of_what_stands_before_it() {
    let (dir, sum) = (tempfile::tempdir().unwrap(), AtomicUsize::new(0));
    typed(dir.path(), &sum);
    assert_eq!(sum.into_inner(), 15);
}

#[resumable(name = "cores", state_dir = dir, threads = "cores")]
fn cores(dir: &Path, running: &AtomicUsize, most: &AtomicUsize) {
    for _ in 0..50 {
        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        running.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn no_more_bodies_run_at_once_than_there_are_cores() {
    let dir = tempfile::tempdir().unwrap();
    let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    cores(dir.path(), &running, &most);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!((1..=cores).contains(&most.load(Ordering::SeqCst)));
}

#[resumable(name = "keyed", state_dir = dir, threads = 4, key = |word| *word, fresh(fail))]
fn keyed(dir: &Path, words: &[&str], fail: &str, did: &Mutex<Vec<String>>) -> Result<(), Anything> {
    for word in words {
        if *word == fail {
            return Err(format!("no {word}").into());
        }
        did.lock().unwrap().push((*word).to_owned());
    }
    Ok(())
}

#[test]
fn a_complete_key_is_known_wherever_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    keyed(dir.path(), &["a", "b", "c", "b", "d", "e"], "d", &did).unwrap_err();
    keyed(dir.path(), &["e", "d", "b", "x", "a", "c", "b"], "", &did).unwrap();
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, ["a", "b", "b", "c", "d", "e", "x"]);
}

#[resumable(name = "lines", state_dir = dir, threads = 2, fresh(fail))]
fn lines(dir: &Path, text: &str, fail: bool, did: &Mutex<Vec<String>>) -> Result<usize, Anything> {
    let mut lines = text.lines();
    let mut count = 0;
    #[resume]
    while let Some(line) = lines.next() {
        if fail && line == "three" {
            return Err("at three".into());
        }
        did.lock().unwrap().push(line.to_owned());
    }
    count += text.len();
    Ok(count)
}

#[test]
fn a_while_let_loop_asks_on_its_own_thread() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    lines(dir.path(), "one\ntwo\nthree\nfour", true, &did).unwrap_err();
    assert_eq!(lines(dir.path(), "one\ntwo\nthree\nfour", false, &did).unwrap(), 18);
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, ["four", "one", "three", "two"]);
}

/// Carries a variable through two loops around one on threads.
#[resumable(name = "phases", state_dir = dir, carry(total), fresh(fail))]
fn phases(dir: &Path, fail: Option<u32>, did: &Mutex<Vec<u32>>) -> Result<u32, Anything> {
    let mut total = 0;
    #[resume]
    for n in 0..10_u32 {
        total += n;
    }
    let base = total;
    #[resume(threads = 4)]
    for n in 0..20_u32 {
        if fail == Some(n) {
            return Err("asked to".into());
        }
        did.lock().unwrap().push(base + n);
    }
    #[resume]
    for n in 0..3_u32 {
        total += n;
    }
    Ok(total)
}

#[test]
fn values_that_are_carried_around_the_loop_stay() {
    let dir = tempfile::tempdir().unwrap();
    let did = Mutex::default();
    phases(dir.path(), Some(11), &did).unwrap_err();
    let first = did.lock().unwrap().len();
    assert!(first > 0);
    assert_eq!(phases(dir.path(), None, &did).unwrap(), 48);
    let mut did = did.into_inner().unwrap();
    did.sort_unstable();
    assert_eq!(did, (45..65).collect::<Vec<_>>());
}
