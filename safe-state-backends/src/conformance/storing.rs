//! Checks that what is saved is what is loaded, under every name, whole, and never an older state.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::subject::{Subject, save_more};
use crate::{Checkpoint, Request};

/// Names to which some system gives another meaning, or which it does not tell apart.
const ODD_NAMES: &[&str] = &[
    "a",
    "A",
    " a",
    "a ",
    "a.",
    ".a",
    ".",
    "..",
    "../a",
    "a/b",
    "a\\b",
    "a%2Fb",
    "a%",
    "a_b",
    "a:b",
    "a*?",
    "a\0b",
    "a\nb",
    "{a}",
    "$a",
    "~",
    "CON",
    "'; DROP TABLE safe_state_jobs; --",
    "\u{e4}",
    "a\u{308}",
    "\u{c4}",
    "日本語",
    "🦀",
];
const LONG: usize = 1024;
const LARGE: usize = 8 << 20;

pub(super) fn check(subject: &Subject) {
    what_is_not_there_is_not_found(subject);
    what_is_saved_is_loaded(subject);
    records_follow_in_their_order(subject);
    odd_names_are_names(subject);
    large_checkpoints_are_whole(subject);
    requests_are_no_jobs(subject);
    jobs_do_not_meet(subject);
    no_load_sees_less_than_was_saved(subject);
}

fn what_is_not_there_is_not_found(subject: &Subject) {
    let backend = subject.open();
    assert_eq!(backend.load("nothing").unwrap(), None);
    assert!(!backend.exists("nothing").unwrap());
    backend.delete("nothing").unwrap();
    if subject.has_list {
        assert_eq!(backend.list().unwrap(), [""; 0], "the store was not empty");
    }
}

fn requests_are_no_jobs(subject: &Subject) {
    let long = "x".repeat(LONG);
    for job in ["asked", &long] {
        let backend = subject.open();
        Request::Cancel.save(&backend, job).unwrap();
        Request::Pause.save(&backend, job).unwrap();
        assert_eq!(Request::load(&*subject.open(), job).unwrap(), Some(Request::Pause));
        if subject.has_list {
            assert_eq!(backend.list().unwrap(), [""; 0], "a request was listed");
            let asked = backend.listing().unwrap().asked;
            assert!(asked.is_empty() || asked == [job], "{asked:?}");
        }
        Request::delete(&*backend, job).unwrap();
        assert_eq!(Request::load(&*subject.open(), job).unwrap(), None);
    }
}

fn what_is_saved_is_loaded(subject: &Subject) {
    let job = "saved";
    subject.open().save(job, b"first").unwrap();
    assert_eq!(subject.load(job).as_deref(), Some(&b"first"[..]));
    assert!(subject.open().exists(job).unwrap());
    let mut lease = subject.lease(job);
    let bytes: Vec<u8> = (0..=255).collect();
    lease.save(&bytes).unwrap();
    assert_eq!(subject.load(job).as_deref(), Some(&bytes[..]));
    lease.delete().unwrap();
    assert_eq!(subject.load(job), None);
    assert!(!subject.open().exists(job).unwrap());
    lease.delete().expect("there is nothing to delete, which is no error");
    lease.save(b"again").unwrap();
    drop(lease);
    subject.open().delete(job).unwrap();
    assert_eq!(subject.load(job), None);
}

fn records_follow_in_their_order(subject: &Subject) {
    let job = "records";
    let mut lease = subject.lease(job);
    let mut whole = b"snapshot".to_vec();
    lease.save(&whole).unwrap();
    for record in 0..300 {
        let record = format!(" {record}");
        save_more(&mut *lease, &whole, record.as_bytes());
        whole.extend(record.as_bytes());
    }
    assert_eq!(subject.load(job).as_ref(), Some(&whole));
    lease.save(b"short").unwrap();
    assert_eq!(
        subject.load(job).as_deref(),
        Some(&b"short"[..]),
        "a snapshot ends what was before"
    );
    save_more(&mut *lease, b"short", b"er");
    assert_eq!(subject.load(job).as_deref(), Some(&b"shorter"[..]));
    lease.delete().unwrap();
}

fn odd_names_are_names(subject: &Subject) {
    let (long, longer) = ("x".repeat(LONG), "x".repeat(LONG) + "y");
    let mut names: BTreeSet<&str> = ODD_NAMES.iter().copied().collect();
    names.extend([&*long, &*longer]);
    // A list may have to read a job's name from its checkpoint.
    let stored = |job: &str| Checkpoint::new(job, None).encode().unwrap();
    for job in &names {
        subject.lease(job).save(&stored(job)).unwrap();
    }
    for job in &names {
        assert!(subject.open().exists(job).unwrap(), "{job:?} is gone");
        let found = subject.open().load(job).unwrap().expect("it was saved");
        assert_eq!(Checkpoint::decode(&found).unwrap().job(), *job, "another job's checkpoint");
    }
    if subject.has_list {
        let listed = subject.open().list().unwrap();
        assert!(listed.is_sorted(), "{listed:?}");
        assert!(listed.iter().map(String::as_str).eq(names.iter().copied()), "{listed:?}");
    }
    while let Some(job) = names.pop_first() {
        subject.open().delete(job).unwrap();
        assert_eq!(subject.load(job), None, "{job:?} is still there");
        assert!(names.iter().all(|other| subject.open().exists(other).unwrap()), "with {job:?}");
    }
}

fn large_checkpoints_are_whole(subject: &Subject) {
    let job = "large";
    let (mut whole, record) = (noise(1), noise(2));
    let mut lease = subject.lease(job);
    lease.save(&whole).unwrap();
    assert!(subject.load(job).as_ref() == Some(&whole), "a large snapshot came out different");
    save_more(&mut *lease, &whole, &record);
    whole.extend(record);
    assert!(subject.load(job).as_ref() == Some(&whole), "a large record came out different");
    lease.save(b"small").unwrap();
    assert_eq!(subject.load(job).as_deref(), Some(&b"small"[..]));
    lease.delete().unwrap();
}

/// Returns bytes without a pattern by which a server could compress them.
fn noise(seed: u32) -> Vec<u8> {
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let states = std::iter::successors(Some(seed), next);
    let bytes = states.map(|state| u8::try_from(state >> 24).unwrap());
    bytes.take(LARGE).chain([1]).collect()
}

fn jobs_do_not_meet(subject: &Subject) {
    thread::scope(|scope| {
        for worker in 1..=8_u8 {
            scope.spawn(move || {
                let job = format!("worker {worker}");
                let mut lease = subject.lease(&job);
                let mut whole = vec![worker];
                lease.save(&whole).unwrap();
                for record in 1..=20 {
                    save_more(&mut *lease, &whole, &[worker, record]);
                    whole.extend([worker, record]);
                    assert_eq!(subject.load(&job).as_ref(), Some(&whole));
                }
                lease.delete().unwrap();
            });
        }
    });
}

/// Checks loads during saves. The saved states are `n` times the byte `n`, so that a mix of two is recognised.
fn no_load_sees_less_than_was_saved(subject: &Subject) {
    let job = "growing";
    let done = AtomicBool::new(false);
    let mut lease = subject.lease(job);
    lease.save(&[1]).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut last = 1;
            while !done.load(Ordering::SeqCst) {
                let seen = subject.load(job).expect("it was saved, and not removed");
                let state = *seen.first().expect("a state has bytes");
                assert_eq!(seen, vec![state; state.into()], "a state that was never saved");
                assert!(state >= last, "{last} was saved, and then {state} seen");
                last = state;
            }
        });
        for state in 2..=100_u8 {
            lease.save(&vec![state; state.into()]).unwrap();
            let seen = subject.load(job).unwrap();
            assert_eq!(seen.first(), Some(&state), "what was saved is not what is seen");
        }
        done.store(true, Ordering::SeqCst);
    });
    lease.delete().unwrap();
}
