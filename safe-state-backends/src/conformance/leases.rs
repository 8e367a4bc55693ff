//! Checks that one run at a time has a job, and that a run that lost its lease can change nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::subject::Subject;
use crate::lease::wait;
use crate::{Appended, Error, LeaseOptions, Request};

pub(super) fn check(subject: &Subject) {
    a_record_follows_a_snapshot_of_its_own_lease(subject);
    if subject.has_leases {
        a_job_is_held_by_one(subject);
        an_empty_name_is_refused(subject);
        many_threads_take_turns(subject);
        many_ask_at_a_time(subject);
    }
    if let Some(lapse) = &subject.lapse {
        who_lost_a_lease_changes_nothing(subject, lapse);
        who_lost_a_finished_job_changes_nothing(subject, lapse);
    }
}

fn a_record_follows_a_snapshot_of_its_own_lease(subject: &Subject) {
    let job = "of another lease";
    assert_eq!(subject.lease(job).append(b"record").unwrap(), Appended::No, "there is no snapshot");
    subject.lease(job).save(b"snapshot").unwrap();
    let mut lease = subject.lease(job);
    let begun = lease.load(&*subject.open(), job).unwrap().expect("what a run begins with");
    assert!(begun.starts_with(b"snapshot"), "{begun:?}");
    let appended = lease.append(b"record").unwrap();
    assert_eq!(appended, Appended::No, "what a crash left may lie between them");
    assert_eq!(subject.load(job).as_deref(), Some(&b"snapshot"[..]));
    lease.delete().unwrap();
    assert_eq!(lease.append(b"record").unwrap(), Appended::No, "it was deleted");
}

fn a_job_is_held_by_one(subject: &Subject) {
    let job = "held";
    let mut lease = subject.lease(job);
    for _ in 0..2 {
        match subject.try_lease(job).err() {
            Some(Error::Held { job: refused, holder }) => {
                assert_eq!(refused, job);
                let holder = holder.expect("who holds it");
                assert_eq!(holder.pid(), std::process::id());
            }
            other => panic!("a second lease: {other:?}"),
        }
    }
    drop(subject.lease("held by none"));
    let holder = |job| subject.open().holder(job).map(|holder| holder.map(|holder| holder.pid()));
    let tells = !matches!(holder(job), Err(Error::Unsupported(_)));
    if tells {
        assert_eq!(holder(job).unwrap(), Some(std::process::id()));
        assert_eq!(holder("held by none").unwrap(), None);
    }
    lease.save(b"looked at").unwrap();
    assert_eq!(subject.load(job).as_deref(), Some(&b"looked at"[..]), "looking needs no lease");
    drop(lease);
    if tells {
        assert_eq!(holder(job).unwrap(), None);
    }
    subject.lease(job).delete().unwrap();
    drop(subject.lease(job));
}

fn an_empty_name_is_refused(subject: &Subject) {
    assert!(matches!(subject.try_lease(""), Err(Error::EmptyName)));
}

/// Checks that each request waits for the others, and that the last one counts, even while a run uses an older one up.
fn many_ask_at_a_time(subject: &Subject) {
    let job = "asked by many";
    let ask = |of_all: Request| {
        let backend = subject.open();
        of_all.save(&backend, job).unwrap();
        Request::Cancel.use_up(&backend, job).unwrap();
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| ask(Request::Pause));
            scope.spawn(|| ask(Request::Cancel));
        }
    });
    let backend = subject.open();
    let asked = || Request::load(&*backend, job).unwrap();
    Request::Pause.save(&backend, job).unwrap();
    Request::Cancel.use_up(&backend, job).unwrap();
    assert_eq!(asked(), Some(Request::Pause), "it was not the one that was taken up");
    Request::Cancel.save(&backend, job).unwrap();
    Request::Cancel.use_up(&backend, job).unwrap();
    assert_eq!(asked(), None);
    Request::Cancel.use_up(&backend, job).unwrap();
}

fn many_threads_take_turns(subject: &Subject) {
    const THREADS: u32 = 8;
    const TURNS: u32 = 5;
    let job = "in turns";
    let holders = AtomicU32::new(0);
    let turn = || {
        let patience = LeaseOptions::default().wait(Some(Duration::from_secs(120)));
        let mut lease = wait::lease(&subject.open(), job, patience).unwrap();
        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two hold one job");
        let count = subject.load(job).map_or(0, |count| count.len());
        lease.save(&vec![b'.'; count + 1]).unwrap();
        assert_eq!(holders.fetch_sub(1, Ordering::SeqCst), 1, "two hold one job");
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..TURNS).for_each(|_| turn()));
        }
    });
    let turns = subject.load(job).map_or(0, |count| count.len());
    assert_eq!(turns, (THREADS * TURNS) as usize, "a turn was lost");
    subject.lease(job).delete().unwrap();
}

fn who_lost_a_lease_changes_nothing(subject: &Subject, lapse: &dyn Fn(&str)) {
    let job = "lost";
    let mut zombie = subject.lease(job);
    zombie.save(b"old").unwrap();
    lapse(job);
    let mut heir = subject.lease(job);
    heir.save(b"new").unwrap();
    let tries = [zombie.append(b"er").map(drop), zombie.save(b"old"), zombie.delete()];
    for (at, tried) in tries.into_iter().enumerate() {
        assert!(matches!(tried, Err(Error::LeaseLost { .. })), "try {at}: {tried:?}");
    }
    assert_eq!(subject.load(job).as_deref(), Some(&b"new"[..]));
    drop(zombie);
    let held = subject.try_lease(job).err();
    assert!(matches!(held, Some(Error::Held { .. })), "it gave back what it had lost: {held:?}");
    heir.save(b"newer").unwrap();
    heir.delete().unwrap();
}

fn who_lost_a_finished_job_changes_nothing(subject: &Subject, lapse: &dyn Fn(&str)) {
    let job = "finished";
    let mut zombie = subject.lease(job);
    zombie.save(b"old").unwrap();
    lapse(job);
    let mut heir = subject.lease(job);
    heir.delete().unwrap();
    drop(heir);
    let began = Instant::now();
    let saved = zombie.save(b"old");
    assert!(matches!(saved, Err(Error::LeaseLost { .. })), "{saved:?}");
    assert!(began.elapsed() < Duration::from_secs(5), "a lease that is lost is not waited for");
    assert_eq!(subject.load(job), None);
}
