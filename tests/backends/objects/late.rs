//! Tests objects whose answer is lost, and objects that arrive after nobody waits for them any more.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state::Backend;
use safe_state::backend::{Appended, Error, LeaseOptions, ObjectStoreBackend};

use crate::objects::store::{Counting, Lack, Trouble};
use crate::objects::{lapse, lease};

fn backend() -> (Arc<Counting>, ObjectStoreBackend) {
    let store = Arc::new(Counting::default());
    let backend = ObjectStoreBackend::new(Arc::clone(&store) as _, "").unwrap();
    (store, backend)
}

fn loaded(backend: &ObjectStoreBackend) -> Vec<u8> {
    backend.load("job").unwrap().unwrap()
}

#[test]
fn a_save_whose_answer_was_lost_is_made_again() {
    for trouble in [Trouble::Unanswered, Trouble::Late] {
        let (store, backend) = backend();
        let mut lease = lease(&backend);
        store.disturb(trouble);
        lease.save(b"a").unwrap();
        assert_eq!(loaded(&backend), b"a");
        assert_eq!(lease.append(b"b").unwrap(), Appended::Yes);
        store.disturb(trouble);
        assert_eq!(lease.append(b"c").unwrap(), Appended::No);
        lease.save(b"abc").unwrap();
        assert_eq!(lease.append(b"d").unwrap(), Appended::Yes);
        assert_eq!(loaded(&backend), b"abcd");
    }
}

#[test]
fn what_was_written_by_a_request_that_was_sent_again_is_ours() {
    let (store, backend) = backend();
    store.lack(Lack::Answers);
    let mut first = lease(&backend);
    first.save(b"a").unwrap();
    assert_eq!(first.append(b"b").unwrap(), Appended::Yes);
    assert_eq!(loaded(&backend), b"ab");
    // The next run creates a lease, and a seal.
    lapse(&*store, "job");
    let mut second = lease(&backend);
    assert!(matches!(first.save(b"old"), Err(Error::LeaseLost { .. })));
    second.save(b"abc").unwrap();
    assert_eq!(loaded(&backend), b"abc");
}

#[test]
fn what_arrives_late_is_not_taken() {
    let (store, backend) = backend();
    let mut lease = lease(&backend);
    lease.save(b"a").unwrap();
    store.disturb(Trouble::Late);
    assert_eq!(lease.append(b"b").unwrap(), Appended::No);
    lease.save(b"ab").unwrap();
    assert_eq!(store.deliver(), [false]);
    store.disturb(Trouble::Late);
    lease.save(b"old").unwrap();
    lease.save(b"new").unwrap();
    assert_eq!(store.deliver(), [false]);
    assert_eq!(loaded(&backend), b"new");
}

#[test]
fn a_lease_whose_answer_was_lost_is_ours() {
    let (store, backend) = backend();
    store.disturb(Trouble::Unanswered);
    let mut lease = lease(&backend);
    lease.save(b"a").unwrap();
    assert_eq!(loaded(&backend), b"a");
}

#[test]
fn the_save_of_a_zombie_that_arrives_late_is_not_taken() {
    let (store, backend) = backend();
    let mut zombie = lease(&backend);
    zombie.save(b"old").unwrap();
    store.disturb(Trouble::Late);
    assert_eq!(zombie.append(b"er").unwrap(), Appended::No);
    lapse(&*store, "job");
    let mut heir = lease(&backend);
    assert_eq!(store.deliver(), [false], "there is a seal");
    assert_eq!(loaded(&backend), b"old");
    heir.save(b"new").unwrap();
    assert!(matches!(zombie.save(b"older"), Err(Error::LeaseLost { holder: Some(_), .. })));
    assert_eq!(loaded(&backend), b"new");
}

#[test]
fn what_a_zombie_saved_before_the_seal_is_kept() {
    let (store, backend) = backend();
    let mut zombie = lease(&backend);
    zombie.save(b"old").unwrap();
    lapse(&*store, "job");
    // The zombie's lease is over, but the heir has not yet begun.
    assert_eq!(zombie.append(b"er").unwrap(), Appended::Yes);
    let _heir = lease(&backend);
    assert_eq!(loaded(&backend), b"older");
    assert!(matches!(zombie.append(b"!"), Err(Error::LeaseLost { holder: Some(_), .. })));
    assert_eq!(loaded(&backend), b"older");
}

#[test]
fn a_seal_outlasts_the_run_that_made_it() {
    let (store, backend) = backend();
    let mut zombie = lease(&backend);
    zombie.save(b"old").unwrap();
    lapse(&*store, "job");
    for _ in 0..3 {
        lease(&backend).save(b"new").unwrap();
    }
    assert!(matches!(zombie.append(b"er"), Err(Error::LeaseLost { holder: None, .. })));
    assert_eq!(loaded(&backend), b"new");
}

#[test]
fn a_busy_run_keeps_its_lease() {
    let (_, backend) = backend();
    let backend = backend.lease_time(Duration::from_secs(2));
    let mut busy = lease(&backend);
    busy.save(b"a").unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        busy.append(b"b").unwrap();
        thread::sleep(Duration::from_millis(20));
        let second = Arc::new(backend.clone()).lease("job", LeaseOptions::default());
        assert!(matches!(second, Err(Error::Held { .. })), "{:?}", began.elapsed());
    }
}

#[test]
fn who_begins_an_epoch_that_is_long_past_has_nothing() {
    let (store, backend) = backend();
    lease(&backend).save(b"1").unwrap();
    store.disturb(Trouble::Waits);
    thread::scope(|scope| {
        let slow = scope.spawn(|| Arc::new(backend.clone()).lease("job", LeaseOptions::default()));
        while !store.is_disturbed() {
            thread::sleep(Duration::from_millis(1));
        }
        // Other leases begin and end the epoch that the slow lease is about to begin, and sweep it.
        lease(&backend).save(b"2").unwrap();
        lease(&backend).save(b"3").unwrap();
        let mut holder = lease(&backend);
        holder.save(b"4").unwrap();
        store.let_go();
        assert!(matches!(slow.join().unwrap(), Err(Error::Held { .. })));
        assert_eq!(holder.append(b"5").unwrap(), Appended::Yes);
    });
}
